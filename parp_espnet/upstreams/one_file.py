"""Checkpoints of one file that s3prl's own code loads: told by their keys, and heard once."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.upstreams.foreign import check_native
from parp_espnet.upstreams.second import load_native
from parp_espnet.upstreams.weights import check_types, types_of

NATIVE = {
    "wav2vec2_local": {"model_cfg", "model_weight", "task_cfg"},
    "hubert_local": {"model_cfg", "model_weight", "task_cfg", "dictionaries_symbols"},
    "wavlm_local": {"cfg", "model"},
}
"""s3prl upstream → the top-level keys of the one-file checkpoints that it loads."""
TEACHER = "_ema"
"""A data2vec's teacher among its weights; by it a data2vec is told from a wav2vec 2.0."""
OTHERS = "fairseq2's (names that begin with encoder_frontend.), SpidR's (with student.)"
"""What else is taken of one file."""


def open_native(path: Path, content: Any) -> tuple[str, nn.Module]:
    """Return s3prl's name of what loads a checkpoint, and the model, which a second of noise went
    through. Raises `UserError`.
    """
    keys = set(content) if isinstance(content, dict) else set()
    fitting = [name for name, expected in NATIVE.items() if expected <= keys]
    if not fitting:
        raise UserError(
            f"{path}: upstream of an unknown kind: expected an s3prl checkpoint with the keys of "
            f"one of "
            f"{json.dumps({name: sorted(expected) for name, expected in NATIVE.items()})}, "
            f"or {OTHERS}, "
            f"found {', '.join(sorted(map(str, keys))[:8]) or 'none'}; "
            "convert fairseq's with s3prl/upstream/<kind>/convert.py"
        )
    # HuBERT's keys contain wav2vec 2.0's, so the kind with the most keys is meant.
    name = max(fitting, key=lambda kind: len(NATIVE[kind]))
    check_native(content, path)
    weights = content.get("model_weight", content.get("model"))
    check_tensors(path, weights)
    if name == "wav2vec2_local" and TEACHER in weights:
        name = "data2vec_local"
    return name, load_native(name, path)


def check_tensors(path: Path, weights: Any) -> None:
    """Raise `UserError` unless these are weights by their names, of numbers that are the weights
    themselves.
    """
    kinds = set()
    if isinstance(weights, dict):
        kinds = {type(weight) for key, weight in weights.items() if key != TEACHER}
    if not kinds or not all(issubclass(kind, torch.Tensor) for kind in kinds):
        raise UserError(
            f"{path}: expected weights by their names, found {type(weights).__name__} of "
            f"something else"
        )
    check_types(path, types_of(weights))
