"""A tiny model of ESPnet's pretraining task, as `espnet2.bin.ssl_train` leaves one."""

from pathlib import Path
from typing import Any

import torch
import yaml
from espnet2.tasks.ssl import SSLTask

CONFIG = {
    "token_list": ["a", "b"],
    "frontend": "wav2vec_cnn",
    "frontend_conf": {
        "norm_mode": "layer_norm", "conv_mode": "standard", "bias": True, "normalize_audio": True,
        "shapes": [[16, 20, 10], [16, 8, 4], [16, 4, 2], [16, 2, 2], [16, 2, 2]],
    },
    "normalize": None,
    "preencoder": "linear",
    "preencoder_conf": {"output_size": 32},
    "encoder": "e_branchformer",
    "encoder_conf": {
        "output_size": 32, "attention_heads": 2, "attention_layer_type": "selfattn",
        "pos_enc_layer_type": "conv", "rel_pos_type": "latest", "cgmlp_linear_units": 64,
        "cgmlp_conv_kernel": 5, "num_blocks": 2, "linear_units": 64, "use_ffn": True,
        "macaron_ffn": True, "merge_conv_kernel": 5, "input_layer": None, "layer_drop_rate": 0.1,
    },
    "loss": [{"name": "hubert", "conf": {"num_classes": 8, "final_dim": 16}}],
    "util": [{"name": "mask", "conf": {}}],
}  # fmt: skip
"""The settings of XEUS in small: convolutions of waves, convolved positions, macaron layers."""


def save_branchformer(folder: Path, **encoder: Any) -> Path:
    """Write the model's file and configuration; return the file."""
    inner: Any = CONFIG["encoder_conf"]
    config = SSLTask.get_default_config() | CONFIG | {"encoder_conf": inner | encoder}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    torch.manual_seed(0)
    model, _ = SSLTask.build_model_from_file(folder / "config.yaml")
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.add_(0.05 * torch.randn_like(tensor))
    torch.save(model.state_dict(), folder / "xeus.pth")
    return folder / "xeus.pth"
