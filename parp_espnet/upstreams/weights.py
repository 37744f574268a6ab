"""The weights of a model on disk, whatever its format: a Hugging Face directory, an s3prl `.pt`, an ESPnet `.pth`."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write, read_json
from parp_espnet.upstreams.foreign import read_checkpoint

INNER = ("model_weight", "model", "state_dict")
"""Keys under which a checkpoint file may hold its weights; otherwise the file is the weights."""

Weights = dict[str, Tensor]


def weight_files(model: Path) -> list[Path]:
    """Return the files that hold a model's weights. Raises `UserError` when there is no model."""
    if model.is_file():
        return [model]
    if not model.is_dir():
        raise UserError(f"{model}: no such model; expected a Hugging Face directory or a checkpoint file")
    for kind in ("safetensors", "bin"):
        index = next(iter(sorted(model.glob(f"*.{kind}.index.json"))), None)
        if index is not None:
            found = read_json(index)
            if not isinstance(found, dict) or not isinstance(found.get("weight_map"), dict):
                raise UserError(f"{index}: expected Hugging Face's index with 'weight_map', found none")
            return [model / name for name in sorted(set(found["weight_map"].values()))]
        if files := sorted(model.glob(f"*model*.{kind}")):
            return files
    raise UserError(f"{model}: expected a Hugging Face directory with model.safetensors or pytorch_model.bin")


def load_weights(model: Path) -> Weights:
    """Return all tensors of a model by their names in the file, on the CPU.

    Raises:
        UserError: there is no model, or a file is damaged or holds something else.
    """
    weights: Weights = {}
    for file in weight_files(model):
        weights |= _load(file)[1]
    return weights


def copy_changed(model: Path, out: Path, change: Callable[[str, Tensor], Tensor]) -> None:
    """Write a copy of a model to `out` in its own format, every tensor as `change(name, tensor)` makes it.

    What else a directory or a checkpoint holds is copied as it is.

    Raises:
        UserError: `out` is there already, or the model cannot be read.
    """
    if out.exists():
        raise UserError(f"{out}: is there already; remove it or choose another name")
    files = weight_files(model)
    loaded = {file: _load(file) for file in files}
    if model.is_dir():
        shutil.copytree(model, out, ignore=lambda folder, names: {file.name for file in files} & set(names))
    for file, (whole, weights) in loaded.items():
        changed = {name: change(name, tensor) for name, tensor in weights.items()}
        with atomic_write(out / file.name if model.is_dir() else out) as temporary:
            _save(file, whole, changed, temporary)


def _load(file: Path) -> tuple[Any, Weights]:
    """Return what a file holds besides its weights (metadata, or the whole checkpoint), and its weights."""
    if file.suffix == ".safetensors":
        try:
            with safe_open(file, framework="pt") as opened:
                return opened.metadata(), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise UserError(f"{file}: expected safetensors, found a damaged or other file ({error})") from None
    whole = read_checkpoint(file)
    weights = _inner(whole)
    if weights is None:
        found = ", ".join(map(str, list(whole)[:5])) if isinstance(whole, dict) else type(whole).__name__
        raise UserError(f"{file}: expected a model's weights, found {found}")
    return whole, dict(weights)


def _inner(whole: Any) -> Mapping[str, Tensor] | None:
    if not isinstance(whole, dict):
        return None
    for found in (*(whole.get(key) for key in INNER), whole):
        if isinstance(found, dict) and found and all(isinstance(value, Tensor) for value in found.values()):
            return found
    return None


def _save(file: Path, whole: Any, weights: Weights, out: Path) -> None:
    if file.suffix == ".safetensors":
        save_file(weights, out, metadata=whole)
        return
    key = next((key for key in INNER if isinstance(whole.get(key), dict)), None)
    torch.save(weights if key is None else whole | {key: weights}, out)
