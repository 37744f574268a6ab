"""What a mask's file holds, and everything that can be wrong with it."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from parp_espnet.errors import UserError, excerpt
from parp_espnet.files import exists, is_file
from parp_espnet.places import kind_of
from parp_espnet.pruning.bits import FORMAT
from parp_espnet.pruning.origin import TRAINED

if TYPE_CHECKING:
    from parp_espnet.pruning.masks import Mask

OF_EXPERIMENT = "mask.safetensors"
CLOSE = 1e-9
"""Two measured sparsities that differ by less are the same."""


def _need(path: Path, place: str) -> None:
    """Raise `UserError` unless there is a file; of an experiment's directory, say where its mask
    is.
    """
    if is_file(path):
        return
    if not exists(path):
        raise UserError(f"{place}: no such mask file")
    within = path / OF_EXPERIMENT
    where = f"; there is {within}" if is_file(within) else ""
    raise UserError(f"{place}: expected a mask file, found {kind_of(path.stat().st_mode)}{where}")


def read(path: Path, place: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the packed bits and the metadata of a file. Raises `UserError` where it is no mask's.

    Args:
        place: what errors call the file.
    """
    _need(path, place)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            packed = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, struct.error) as error:
        raise UserError(
            f"{place}: expected a mask (safetensors), found a damaged or other file ({error})"
        ) from None
    if metadata.get("format") != FORMAT:
        raise UserError(
            f"{place}: expected a mask file ({FORMAT!r} in its metadata), found a safetensors "
            f"file of "
            f"{len(packed)} other tensors; make a mask with python3 -m parp_espnet.bin.mask"
        )
    return packed, metadata


def shapes_in(told: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes that a file tells. Raises `ValueError` where one is none."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in told.items():
        sizes = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
        if not sizes:
            raise ValueError(f"shapes: expected sizes of {excerpt(name)}, found {excerpt(shape)}")
        shapes[name] = tuple(shape)
    return shapes


def check_told(mask: "Mask") -> None:
    """Raise `ValueError` where a mask covers nothing, or what its file says of it is of another
    type.
    """
    if not mask.total:
        raise ValueError("it covers no weights")
    sparsity = mask.sparsity_target
    if type(sparsity) not in (int, float) or not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity_target: expected a fraction, found {excerpt(sparsity)}")
    if mask.step is not None and (type(mask.step) is not int or mask.step < 0):
        raise ValueError(
            f"step: expected a whole number of updates or null, found {excerpt(mask.step)}"
        )
    if mask.parent is not None and not isinstance(mask.parent, str):
        raise ValueError(f"parent: expected a hash or null, found {excerpt(mask.parent)}")


def contradiction(mask: "Mask", metadata: Mapping[str, str]) -> str:
    """Say where the file says something else of its bits than they do; "" where it does not."""
    told = metadata.get("fingerprint", mask.fingerprint)
    if told != mask.fingerprint:
        return f"fingerprint: it says {excerpt(told)}, its shapes have {mask.fingerprint}"
    measured = json.loads(metadata.get("sparsity_measured", json.dumps(mask.sparsity)))
    if type(measured) not in (int, float) or not abs(measured - mask.sparsity) < CLOSE:
        return f"sparsity_measured: it says {excerpt(measured)}, its bits have {mask.sparsity:.6f}"
    trained = mask.made.source == TRAINED
    if mask.made.source is not None and trained != (mask.step is not None):
        return (
            f"step: it says {mask.step}, and that its weights are "
            f"{'' if trained else 'not '}those of a finetuning"
        )
    return ""


def pack(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Boolean tensors to flat uint8 tensors on the CPU: a bit a weight, the first in the lowest
    bit.
    """
    packed: dict[str, Tensor] = {}
    for name, tensor in kept.items():
        bits = np.packbits(tensor.flatten().cpu().numpy(), bitorder="little")
        packed[name] = torch.from_numpy(bits)
    return packed


def unpack(
    packed: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """Undo `pack`. Raises `ValueError` when names or sizes disagree with `shapes`."""
    if packed.keys() != shapes.keys():
        other = ", ".join(sorted(packed.keys() ^ shapes.keys())[:3])
        raise ValueError(f"tensors and shapes name different things: {other}")
    kept = {}
    for name, shape in shapes.items():
        total = int(np.prod(shape, dtype=np.int64))
        bits = packed[name].cpu().numpy()
        if bits.dtype != np.uint8 or bits.shape != ((total + 7) // 8,):
            raise ValueError(
                f"{name}: expected {(total + 7) // 8} bytes for shape {shape}, found "
                f"{bits.dtype}{bits.shape}"
            )
        flat = np.unpackbits(bits, count=total, bitorder="little").astype(np.bool_)
        kept[name] = torch.from_numpy(flat).view(shape)
    return kept
