"""The weights of a model on disk, whatever its format: a Hugging Face directory, an s3prl `.pt`, an
ESPnet `.pth`.
"""

import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from parp_espnet.errors import UserError, printable
from parp_espnet.files import atomic_write, read_json
from parp_espnet.pruning.layers import find_layers
from parp_espnet.upstreams.foreign import read_checkpoint

INNER = ("model_weight", "model", "state_dict")
"""Keys under which a checkpoint file may hold its weights; otherwise the file is the weights."""
ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")
"""What peft calls the weights that it puts beside a model's."""
FLOATS = r"F16|BF16|F32|F64|torch\.(float16|bfloat16|float32|float64)"
"""Types of numbers that are weights as they are, as safetensors and torch call them."""

EVERY_FORMAT = (
    r"(model|pytorch_model)[\w.-]*\.(safetensors|bin)(\.index\.json)?"
    r"|tf_model\.h5|flax_model\.msgpack"
)
"""Names of a model's weights, as PyTorch, TensorFlow and JAX read them."""

Weights = dict[str, Tensor]


def weight_files(model: Path) -> list[Path]:
    """Return the files that hold a model's weights. Raises `UserError` when there is no model."""
    if model.is_file():
        return [model]
    if not model.is_dir():
        raise UserError(
            f"{model}: no such model; expected a Hugging Face directory or a checkpoint file"
        )
    for kind, usual in (("safetensors", "model.safetensors"), ("bin", "pytorch_model.bin")):
        # What transformers takes of a directory that has several.
        if (model / usual).is_file():
            return [model / usual]
        index = next(iter(sorted(model.glob(f"*.{kind}.index.json"))), None)
        if index is not None:
            return _shards(index)
        if files := [
            file for file in sorted(model.glob(f"*model*.{kind}")) if file.name not in ADAPTERS
        ]:
            return files
    raise UserError(
        f"{model}: expected a Hugging Face directory with model.safetensors or pytorch_model.bin"
    )


def _shards(index: Path) -> list[Path]:
    """The files that an index names, which are beside it."""
    found = read_json(index)
    places = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(places, dict) or not places:
        raise UserError(f"{index}: expected Hugging Face's index with 'weight_map', found none")
    for name in places.values():
        plain = isinstance(name, str) and name.isprintable() and name not in ("", "..")
        if not plain or Path(name).name != name:
            raise UserError(
                f"{index}: expected names of files beside it, found {printable(repr(name))[:60]}"
            )
    return [index.parent / name for name in sorted(set(places.values()))]


def check_stored(files: Iterable[Path]) -> None:
    """Check that matrices are stored as numbers that are the weights themselves.

    transformers and s3prl copy numbers of eight bits into a model as they are, without the scales
    that belong to them.

    Raises `UserError` where one is stored otherwise, or a file is damaged.
    """
    for file in files:
        check_types(file, _types(file))


def check_types(file: Path, types: Mapping[str, str]) -> None:
    """The same of the types of a file's matrices, by name."""
    for name, dtype in types.items():
        if name.endswith("weight") and not re.fullmatch(FLOATS, dtype):
            raise UserError(
                f"{file}: {printable(name)}: expected weights of 16 or 32 bits, found {dtype}; "
                f"take the "
                "model from which this one was quantised"
            )


def types_of(weights: Mapping[str, Any]) -> dict[str, str]:
    """What numbers each matrix has, in torch's words."""
    return {
        name: str(tensor.dtype)
        for name, tensor in weights.items()
        if isinstance(tensor, Tensor) and tensor.dim() > 1
    }


def _types(file: Path) -> dict[str, str]:
    """What numbers each matrix of a file has, in the words of the file's format."""
    if file.suffix != ".safetensors":
        _, weights = _load(file, mmap=True)
        return types_of(weights)
    with _opened(file) as opened:
        slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
        return {
            name: part.get_dtype() for name, part in slices.items() if len(part.get_shape()) > 1
        }


def load_weights(model: Path) -> Weights:
    """Return all tensors of a model by their names in the file, on the CPU.

    Raises:
        UserError: there is no model, or a file is damaged or holds something else.
    """
    weights: Weights = {}
    for file in weight_files(model):
        weights |= _load(file)[1]
    return weights


def load_some(model: Path, names: Collection[str]) -> Weights:
    """Return those of some tensors that a model has, as `load_weights`, without reading the others
    where its format allows it.
    """
    weights: Weights = {}
    for file in weight_files(model):
        if file.suffix != ".safetensors":
            found = _load(file, mmap=True)[1]
            weights |= {name: found[name] for name in names if name in found}
            continue
        with _opened(file) as opened:
            there = set(opened.keys())
            weights |= {name: opened.get_tensor(name) for name in names if name in there}
    return weights


def check_depth(model: Path, names: Iterable[str]) -> None:
    """Raise `UserError` where a directory's config.json counts more layers than its
    weights have.
    """
    config = model / "config.json"
    found = read_json(config) if config.is_file() else None
    expected = found.get("num_hidden_layers") if isinstance(found, dict) else None
    layers = find_layers(names)
    if type(expected) is not int or layers is None:
        return
    if len(layers.numbered) < expected:
        raise UserError(
            f"{model}: expected {expected} layers, as its config.json has it, found "
            f"{len(layers.numbered)} in "
            "its weights; fetch it again"
        )


def copy_changed(model: Path, out: Path, change: Callable[[str, Tensor], Tensor]) -> None:
    """Write a copy of a model to `out` in its own format, every tensor as `change(name, tensor)`
    makes it.

    What else a directory or a checkpoint holds is copied as it is, but for the same weights in
    formats that nobody reads beside this one: they would be of the model before.

    Raises:
        UserError: `out` is there already, or the model cannot be read.
    """
    if out.exists():
        raise UserError(f"{out}: is there already; remove it or choose another name")
    files = weight_files(model)
    loaded = {file: _load(file) for file in files}
    if model.is_dir():
        shutil.copytree(
            model,
            out,
            ignore=lambda folder, names: _weights_among(names, files, folder == str(model)),
        )
    for file, (whole, weights) in loaded.items():
        changed = {name: change(name, tensor) for name, tensor in weights.items()}
        with atomic_write(out / file.name if model.is_dir() else out) as temporary:
            _save(file, whole, changed, temporary)


def _weights_among(names: Collection[str], files: Collection[Path], outer: bool) -> set[str]:
    """Those of a folder's names that are weights in any format; an index is kept where its files
    are.
    """
    if not outer:
        return set()
    kind = next(iter(files)).suffix
    found = set()
    for name in names:
        is_index = name.endswith(f"{kind}.index.json") and len(files) > 1
        if re.fullmatch(EVERY_FORMAT, name) and not is_index:
            found.add(name)
    return found


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """A safetensors file. Raises `UserError` where it is none, or damaged."""
    try:
        with safe_open(file, framework="pt") as opened:
            yield opened
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{file}: expected safetensors, found a damaged or other file ({error})"
        ) from None


def _load(file: Path, mmap: bool = False) -> tuple[Any, Weights]:
    """Return what a file holds besides its weights (metadata, or the whole checkpoint), and its
    weights.
    """
    if file.suffix == ".safetensors":
        with _opened(file) as opened:
            return opened.metadata(), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    whole = read_checkpoint(file, mmap)
    weights = _inner(whole)
    if weights is None:
        found = (
            ", ".join(map(str, list(whole)[:5]))
            if isinstance(whole, dict)
            else type(whole).__name__
        )
        raise UserError(f"{file}: expected a model's weights, found {found}")
    return whole, dict(weights)


def _inner(whole: Any) -> Mapping[str, Tensor] | None:
    if not isinstance(whole, dict):
        return None
    for found in (*(whole.get(key) for key in INNER), whole):
        if isinstance(found, dict) and found and all(_is_weight(*pair) for pair in found.items()):
            return found
    return None


def _is_weight(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, Tensor)


def _save(file: Path, whole: Any, weights: Weights, out: Path) -> None:
    if file.suffix == ".safetensors":
        save_file(weights, out, metadata=whole)
        return
    key = next((key for key in INNER if isinstance(whole.get(key), dict)), None)
    torch.save(weights if key is None else whole | {key: weights}, out)
