"""What a training may start from: a plain upstream, an experiment, or what was exported of one.

They are told apart by their files alone, without torch: options are read with it.
"""

import json
import struct
from pathlib import Path
from typing import Any

from parp_espnet.scoring.result import UNPACKED

HEAD = "head.safetensors"
"""What the preflight calls the head that an upstream came with."""
ROWS = "head.json"
"""Which row of an upstream's head each token's began with, in an experiment's directory."""
MASK = "mask.safetensors"
"""What an experiment, and an export of one, calls its mask."""
CONFIG = "config.yaml"
"""What ESPnet leaves beside the models of a training."""
PRETRAINS = {"encoder", "loss", "util"}
"""What a configuration has of ESPnet's pretraining, and an experiment's lacks at least one of."""
BUNDLE = "bundle.json"
"""What says of itself what a bundle is, of an experiment that was exported."""
RECOGNISER = "recogniser.json"
"""What is beside model files of ONNX and OpenVINO: tokens, where frames are, which files there
are.
"""
RECOGNISER_FILES = (".onnx", ".xml")
"""Endings of these."""
SUMMARY = "training.json"
"""What a training leaves when it has ended well."""
FINAL = "valid.*.ave.pth"
LEFT = ("experiment.json", CONFIG, SUMMARY, UNPACKED)
"""What an experiment has, or the records of one, one at least of them, and no other upstream."""
NO_MODELS = frozenset({".yaml", ".yml", ".json", ".jsonl", ".safetensors", ".txt", ".tsv", ".onnx"})
"""Endings of files that are parts of an upstream, or beside one."""
PACK = ".pack"
"""Ending of a language pack."""
EXPORTS = {
    RECOGNISER: "onnx or openvino",
    "model.sparse.safetensors": "sparse",
    "model.zip": "espnet",
    f"*{PACK}": "pack",
}
"""What formats of parp-export leave that no training can begin with."""
WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
"""What others leave: not `model.sparse.safetensors` alone."""
NARROWED = "parp_espnet_layers"
"""In a configuration: how many feed-forward units and heads each layer has, where a stock class
cannot say it; and how many channels each convolution had, where some are removed.
"""
NEAREST, EQUAL, NONE = "nearest", "equal", "none"
CHOICES = (NEAREST, EQUAL, NONE)
"""Values of `--init_head`: which rows the new head has of that which an upstream came with."""
FROM_UPSTREAM = "upstream"
"""As `--initial_mask`: the mask that the upstream came with."""


def is_experiment(upstream: Path) -> bool:
    """Whether a path is an experiment's directory, or a model file in one."""
    folder = upstream if upstream.is_dir() else upstream.parent
    if not (folder / CONFIG).is_file() or (folder / BUNDLE).is_file():
        return False
    if is_pretraining(folder / CONFIG):
        return False
    return upstream.is_dir() or upstream.suffix == ".pth"


def is_left_by_training(folder: Path) -> bool:
    """Whether a directory is of an experiment, complete or not."""
    if (folder / BUNDLE).is_file() or is_pretraining(folder / CONFIG):
        return False
    return any((folder / name).is_file() for name in LEFT)


def fault_of(upstream: Path) -> str:
    """Say why a path cannot be an upstream, as far as the names of files tell; "" where it may."""
    if upstream.is_dir():
        if is_left_by_training(upstream):
            return _fault_of_folder(upstream)
        return _fault_of_export(upstream)
    if upstream.suffix == PACK:
        return (
            f"expected a directory, or a model file, found a language pack, {upstream.name}; take "
            f"the experiment that it was exported of, or its upstream"
        )
    if upstream.suffix in NO_MODELS:
        return (
            f"expected a directory, or a model file, found {upstream.name}; take the directory "
            f"that it is in"
        )
    folder = upstream.parent
    is_model = upstream.suffix == ".pth" and is_left_by_training(folder)
    if is_model and not (folder / CONFIG).is_file():
        return f"expected {CONFIG} beside it, found none; bring it back, or train again"
    return ""


def _fault_of_folder(experiment: Path) -> str:
    if not (experiment / CONFIG).is_file():
        return (
            f"expected the directory of an experiment, found no {CONFIG} in it; bring it back, or "
            f"train again"
        )
    if not (experiment / SUMMARY).is_file():
        return (
            f"expected {SUMMARY}, as a complete training leaves it, found none; complete it first, "
            f"by the command that began it"
        )
    return ""


def _fault_of_export(folder: Path) -> str:
    """Say what was exported where there are no weights to begin with."""
    for pattern in WEIGHTS:
        if any(file.name not in EXPORTS for file in folder.glob(pattern)):
            return ""
    for pattern, name in EXPORTS.items():
        if any(folder.glob(pattern)):
            return (
                f"expected a model to begin with, found what parp-export --to {name} wrote; take "
                f"the experiment that it was exported of, or export that as a bundle or hf"
            )
    return ""


def is_pretraining(config: Path) -> bool:
    """Whether a file is the configuration that ESPnet leaves of a pretraining, not of a training
    with a CTC head.
    """
    if config.name != CONFIG or not config.is_file():
        return False
    keys = set()
    with config.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, colon, _ = line.partition(":")
            if colon and line[0].isalpha():
                keys.add(key)
    return keys >= PRETRAINS and "ctc_conf" not in keys


def files_of_experiment(upstream: Path) -> list[Path]:
    """Return the files of an experiment that make it what it is as an upstream."""
    is_folder = upstream.is_dir()
    folder = upstream if is_folder else upstream.parent
    models = sorted(folder.glob(FINAL)) if is_folder else [upstream]
    others = (folder / name for name in (CONFIG, SUMMARY, MASK))
    return [*models, *(file for file in others if file.is_file())]


def mask_beside(upstream: Path) -> Path:
    """Return where the mask is that an upstream came with, if it has one."""
    is_file = upstream.is_file() or upstream.suffix == ".pth"
    return (upstream.parent if is_file else upstream) / MASK


def lacks_head(upstream: Path) -> bool:
    """Whether a path certainly has no CTC head: a file of s3prl's, or a directory that has no
    weights but safetensors without one.
    """
    if is_experiment(upstream) or (upstream / BUNDLE).is_file():
        return False
    if upstream.is_file():
        return True
    files = sorted(upstream.glob("*.safetensors"))
    if not files or any(upstream.glob("pytorch_model*.bin")):
        return False
    return not any("lm_head.weight" in _names(file) for file in files)


def _names(file: Path) -> Any:
    """The names of the tensors of a safetensors file; nothing of one that is damaged."""
    try:
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            return json.loads(opened.read(min(length, 1 << 26)))
    except (OSError, ValueError, struct.error):
        return ()
