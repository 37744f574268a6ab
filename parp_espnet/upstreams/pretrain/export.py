"""A pretrained upstream as a Hugging Face directory that anyone can load."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import HubertModel, Wav2Vec2FeatureExtractor

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.model import predictor_of


def export(config: PretrainConfig, checkpoint: Path, folder: Path) -> None:
    """Write the encoder of a pretraining's last checkpoint to `folder`, weights in fp16.

    Raises `UserError` when the last iteration has no checkpoint, or is not complete.
    """
    if not checkpoint.is_file():
        raise UserError(f"{checkpoint}: no such checkpoint; run stage 2 first")
    saved = torch.load(checkpoint, weights_only=True)
    state, done, wanted = saved["model"], saved["updates"], config.iterations[-1].updates
    if done < wanted:
        raise UserError(f"{checkpoint}: {done} of {wanted} updates are done; stage 2 does the rest")
    _save(predictor_of(config, state).encoder, folder)


def _save(model: HubertModel, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        torch.nn.Module.half(model).save_pretrained(made)
        extractor: Any = Wav2Vec2FeatureExtractor
        extractor(do_normalize=True, return_attention_mask=True).save_pretrained(made)
        settings = json.loads((made / "config.json").read_text())
        # Stored in fp16 to be small, meant to be loaded and trained in fp32; transformers obeys
        # this field.
        settings["dtype"] = "float32"
        (made / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        for file in sorted(made.iterdir()):
            with atomic_write(folder / file.name) as temporary:
                shutil.copyfile(file, temporary)
