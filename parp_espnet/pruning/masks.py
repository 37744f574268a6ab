"""Masks: which weights are kept, as a value and as a file of one bit a weight."""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from parp_espnet.errors import UserError, printable
from parp_espnet.files import atomic_write
from parp_espnet.pruning.bits import FORMAT, fingerprint, identity_of, with_sorted_metadata
from parp_espnet.pruning.kernels import kernels_for
from parp_espnet.pruning.origin import TRAINED, UNKNOWN, Origin
from parp_espnet.pruning.pool import shapes_of

CLOSE = 1e-9
"""Two measured sparsities that differ by less are the same."""


@dataclass(frozen=True)
class Mask:
    """Kept weights by canonical name, and how the mask came to be.

    Attributes:
        kept: boolean tensors of the weights' shapes, True where the weight is kept.
        origin: how it came to be, in words: "magnitudes of the pre-trained weights".
        scope: within what weights were ranked against each other.
        sparsity_target: the fraction asked for.
        step: optimizer updates after which it was found; None where there were none.
        parent: `sha256` of the mask it grew from; None for a first mask.
        made: whose it is, as fields.
    """

    kept: dict[str, Tensor]
    origin: str
    sparsity_target: float
    scope: str = "global"
    step: int | None = None
    parent: str | None = None
    made: Origin = UNKNOWN
    TOLD: ClassVar = ("origin", "sparsity_target", "scope", "step", "parent")
    """The attributes beside `kept` and `made`, which are plain values."""

    @property
    def total(self) -> int:
        """Weights in the pool."""
        return sum(kept.numel() for kept in self.kept.values())

    @property
    def sparsity(self) -> float:
        """Measured fraction of the pool that is pruned."""
        return 1.0 - kept_in(self.kept) / self.total

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return shapes_of(self.kept)

    @property
    def fingerprint(self) -> str:
        """The structure that the mask fits; see `pool.fingerprint`."""
        return fingerprint(self.shapes)

    @property
    def sha256(self) -> str:
        """Identity of the mask: names, shapes and bits; not how it came to be."""
        return identity(self.kept)

    def told(self) -> dict[str, Any]:
        """Whose it is and within what it was ranked, as a training's summary has it."""
        return {**self.made.as_dict(), "scope": self.scope}

    def save(self, path: Path) -> None:
        """Write a safetensors file: uint8 (⌈n/8⌉,) a tensor, first weight in the lowest bit, and
        sorted metadata.
        """
        metadata = {
            "format": FORMAT,
            "fingerprint": self.fingerprint,
            "shapes": json.dumps(self.shapes),
            "sha256": self.sha256,
            "origin": self.origin,
            "scope": self.scope,
            "sparsity_target": json.dumps(self.sparsity_target),
            "sparsity_measured": json.dumps(self.sparsity),
            "step": json.dumps(self.step),
            "parent": json.dumps(self.parent),
            **self.made.metadata(),
        }
        with atomic_write(path) as temporary:
            temporary.write_bytes(with_sorted_metadata(save(pack(self.kept), metadata=metadata)))

    @classmethod
    def load(cls, path: Path, called: str = "") -> Self:
        """Read a mask file. Raises `UserError` when it is missing, no mask, damaged, or contradicts
        itself.

        Args:
            called: what errors call the file, where its path would tell the user nothing.
        """
        place = called or str(path)
        packed, metadata = _read(path, place)
        try:
            shapes = _shapes(json.loads(metadata["shapes"]))
            mask = cls(
                kept=unpack(packed, shapes),
                origin=metadata["origin"],
                sparsity_target=json.loads(metadata["sparsity_target"]),
                scope=metadata["scope"],
                step=json.loads(metadata["step"]),
                parent=json.loads(metadata["parent"]),
                made=Origin.read(metadata),
            )
            _check_told(mask)
            contradiction = _contradiction(mask, metadata)
        except (
            KeyError,
            ValueError,
            TypeError,
            AttributeError,
            RuntimeError,
            OverflowError,
        ) as error:
            raise UserError(f"{place}: damaged mask file ({error}); make it again") from None
        if mask.sha256 != metadata.get("sha256"):
            raise UserError(
                f"{place}: damaged mask file (its bits do not match its hash); make it again"
            )
        if contradiction:
            raise UserError(f"{place}: damaged mask file ({contradiction}); make it again")
        return mask

    def check_fits(self, pool: Mapping[str, Tensor], where: str) -> None:
        """Raise `UserError` naming missing, extra, misshapen tensors unless the mask covers just
        `pool`.
        """
        shapes = shapes_of(pool)
        missing = sorted(shapes.keys() - self.kept.keys())
        extra = sorted(self.kept.keys() - shapes.keys())
        misshapen = [
            f"{name} (mask {self.shapes[name]}, model {shapes[name]})"
            for name in sorted(shapes.keys() & self.kept.keys())
            if self.shapes[name] != shapes[name]
        ]
        problems = [
            f"{len(names)} {kind}: "
            f"{printable(', '.join(names[:3]))}{' …' if len(names) > 3 else ''}"
            for kind, names in (("missing", missing), ("extra", extra), ("misshapen", misshapen))
            if names
        ]
        if problems:
            raise UserError(
                f"{where}: the mask does not fit the model ({'; '.join(problems)}); was it made "
                f"from another upstream?"
            )


def _shapes(found: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes that a file tells. Raises `ValueError` where one is none."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in found.items():
        sizes = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
        if not sizes:
            raise ValueError(f"shapes: expected sizes of {name[:60]!r}, found {str(shape)[:60]!r}")
        shapes[name] = tuple(shape)
    return shapes


def _check_told(mask: Mask) -> None:
    """Raise `ValueError` where a mask covers nothing, or what its file says of it is of another
    type.
    """
    if not mask.total:
        raise ValueError("it covers no weights")
    sparsity = mask.sparsity_target
    if type(sparsity) not in (int, float) or not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity_target: expected a fraction, found {str(sparsity)[:60]!r}")
    if mask.step is not None and (type(mask.step) is not int or mask.step < 0):
        raise ValueError(
            f"step: expected a whole number of updates or null, found {str(mask.step)[:60]!r}"
        )
    if mask.parent is not None and not isinstance(mask.parent, str):
        raise ValueError(f"parent: expected a hash or null, found {str(mask.parent)[:60]!r}")


def _contradiction(mask: Mask, metadata: Mapping[str, str]) -> str:
    """Say where the file says something else of its bits than they do; "" where it does not."""
    told = metadata.get("fingerprint", mask.fingerprint)
    if told != mask.fingerprint:
        return f"fingerprint: it says {told[:60]!r}, its shapes have {mask.fingerprint}"
    measured = json.loads(metadata.get("sparsity_measured", json.dumps(mask.sparsity)))
    if type(measured) not in (int, float) or not abs(measured - mask.sparsity) < CLOSE:
        return f"sparsity_measured: it says {str(measured)[:60]}, its bits have {mask.sparsity:.6f}"
    trained = mask.made.source == TRAINED
    if mask.made.source is not None and trained != (mask.step is not None):
        return (
            f"step: it says {mask.step}, and that its weights are "
            f"{'' if trained else 'not '}those of a finetuning"
        )
    return ""


def identity(kept: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, shapes and bits."""
    return identity_of(
        shapes_of(kept), {name: bits.numpy().tobytes() for name, bits in pack(kept).items()}
    )


def iou(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> float:
    """Overlap of two masks over the *kept* weights: |a ∧ b| / |a ∨ b|.

    Two masks that keep nothing overlap fully.
    """
    return iou_of(kept_in(a) + kept_in(b), flips(a, b))


def iou_of(kept: int, flipped: int) -> float:
    """Overlap of two masks that keep `kept` weights together, |a| + |b|, and differ in
    `flipped`.
    """
    # |a| + |b| counts what both keep twice and what differs once.
    return (kept - flipped) / (kept + flipped) if kept else 1.0


def flips(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> int:
    """How many weights one mask keeps and the other does not."""
    ones, others = list(a.values()), [b[name] for name in a]
    if gpu := kernels_for([*ones, *others]):
        return sum(gpu.count_differences(ones, others))
    return sum(
        _numbers(
            [torch.count_nonzero(one ^ other) for one, other in zip(ones, others, strict=True)]
        )
    )


def kept_in(kept: Mapping[str, Tensor]) -> int:
    """How many weights a mask keeps."""
    return sum(counts(kept.values()))


def counts(tensors: Iterable[Tensor]) -> list[int]:
    """How many numbers of each tensor are not zero. A GPU is waited for once, not for
    each tensor.
    """
    numbers = list(tensors)
    if all(one.dtype == torch.bool for one in numbers) and (gpu := kernels_for(numbers)):
        return list(gpu.count_differences(numbers, None))
    # Several times faster than the sum of a boolean tensor.
    return _numbers([torch.count_nonzero(tensor) for tensor in numbers])


def _numbers(found: Sequence[Tensor]) -> list[int]:
    return list(torch.stack(list(found)).tolist()) if found else []


def random_iou(sparsity: float, other: float | None = None) -> float:
    """Expected overlap of two independent random masks at these sparsities; at the same one (1 − s)
    / (1 + s).

    Of N weights both keep N p q, and one at least keeps N (p + q − p q), with p and q what each
    keeps.
    """
    p, q = 1.0 - sparsity, 1.0 - (sparsity if other is None else other)
    return p * q / (p + q - p * q) if p + q else 1.0


def pack(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Boolean tensors to flat uint8 tensors on the CPU: a bit a weight, the first in the lowest
    bit.
    """
    return {
        name: torch.from_numpy(np.packbits(tensor.flatten().cpu().numpy(), bitorder="little"))
        for name, tensor in kept.items()
    }


def unpack(
    packed: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """Undo `pack`. Raises `ValueError` when names or sizes disagree with `shapes`."""
    if packed.keys() != shapes.keys():
        raise ValueError(
            f"tensors and shapes name different things: {sorted(packed.keys() ^ shapes.keys())[:3]}"
        )
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


def _read(path: Path, place: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise UserError(f"{place}: no such mask file")
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
