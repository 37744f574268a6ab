"""Complete experiments of every family whose weights are drawn, as a training of no updates would
leave them.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile
import torch
import yaml
from transformers import Data2VecAudioConfig, Data2VecAudioModel, WavLMConfig, WavLMModel

from parp_espnet.bench.decode import set_head
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.pipeline.shipped import NAMES, SHIPPED
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.selection import select
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.upstreams.preflight import preflight

MODEL = "valid.loss.ave.pth"
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "conv_dim": (24,) * 5, "conv_kernel": (20, 8, 4, 4, 4), "conv_stride": (10, 4, 2, 2, 2),
    "num_feat_extract_layers": 5, "num_conv_pos_embedding_groups": 4, "layerdrop": 0.0,
}  # fmt: skip
NOWHERE = [["gone/wav.scp", "speech", "sound"], ["gone/text", "text", "text"]]


def upstream_of(kind: str, folder: Path, make_upstream: Callable[..., Path]) -> Path:
    """An upstream in Hugging Face's format: of a family, or a shipped one by its name."""
    if kind in NAMES:
        return SHIPPED / kind
    torch.manual_seed(0)
    if kind == "wavlm":
        config = WavLMConfig(
            **SMALL,
            num_conv_pos_embeddings=16,
            feat_extract_norm="layer",
            do_stable_layer_norm=True,
        )
        WavLMModel(config).save_pretrained(folder)
    elif kind == "data2vec":
        config = Data2VecAudioConfig(**SMALL, conv_pos_kernel_size=9, num_conv_pos_embeddings=3)
        Data2VecAudioModel(config).save_pretrained(folder)
    elif kind == "wav2vec2, group norm":
        make_upstream(folder, "wav2vec2", "group", do_stable_layer_norm=False)
    elif kind == "XLSR":
        make_upstream(folder, "wav2vec2", "layer", conv_bias=True)
    else:
        make_upstream(folder, "hubert", "layer")
    return folder


def draw(
    folder: Path,
    upstream: Path,
    train: Path,
    tokens: list[str],
    sparsity: float,
    has_speech: bool,
    sure_of: Path | None,
) -> Path:
    """Make an experiment in `folder`.

    Args:
        train: a configuration of a training.
        sparsity: of the pool; a mask is left where there is any.
        has_speech: whether the configuration names recordings that are there.
        sure_of: recordings, a directory, of which the head is to be sure.
    """
    frontend = preflight(str(upstream), folder.parent / "adapted").frontend
    defaults = vars(PruningASRTask.get_parser().parse_args([]))
    options: dict[str, Any] = defaults | yaml.safe_load(train.read_text())
    options |= {
        "token_list": tokens,
        "frontend_conf": {"frontend_conf": frontend, "multilayer_feature": False},
        "prune_conf": {"method": "parp" if sparsity else "dense", "sparsity": sparsity},
    }
    if not has_speech:
        options |= {f"{name}_data_path_and_name_and_type": NOWHERE for name in ("train", "valid")}
    (folder / "config.yaml").write_text(yaml.safe_dump(options))
    torch.manual_seed(1)
    model = PruningASRTask.build_model(argparse.Namespace(**options)).eval()
    states = model.state_dict()
    told: dict[str, Any] = {"method": options["prune_conf"]["method"], "model": MODEL}
    pool = PruneSettings.parse(options["prune_conf"]).find_pool(states)
    if sparsity:
        mask = Mask(select(pool, sparsity), "what was drawn", sparsity)
        mask.save(folder / "mask.safetensors")
        for name, kept in mask.kept.items():
            pool[name].data.mul_(kept)
        told |= {"mask_sha256": mask.sha256}
    # Biases are zero from the beginning.
    total = sum(tensor.numel() for tensor in pool.values())
    told["sparsity_measured"] = 1 - nonzero_count(pool) / total
    if sure_of is not None:
        waves = [soundfile.read(path, dtype="float32")[0] for path in sorted(sure_of.glob("*.wav"))]
        set_head(model, waves)
        # The bias is where a frame's best two labels are equal; off it, and with numbers as large
        # as a training's.
        model.ctc.ctc_lo.bias.data[0] += 0.7
        for parameter in model.ctc.ctc_lo.parameters():
            parameter.data.mul_(0.05)
    torch.save(states, folder / MODEL)
    (folder / "training.json").write_text(json.dumps(told))
    return folder
