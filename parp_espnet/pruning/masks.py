"""Masks: which weights are kept, as a value and as a file of one bit a weight."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import save
from torch import Tensor

from parp_espnet.errors import UserError, printable
from parp_espnet.files import atomic_write
from parp_espnet.pruning import mask_file
from parp_espnet.pruning.bits import FORMAT, fingerprint, identity_of, with_sorted_metadata
from parp_espnet.pruning.kernels import kernels_for
from parp_espnet.pruning.mask_file import pack, unpack
from parp_espnet.pruning.origin import UNKNOWN, Origin
from parp_espnet.pruning.pool import shapes_of
from parp_espnet.pruning.ranking import Ranking

PLAIN = Ranking()


@dataclass(frozen=True)
class Mask:
    """Kept weights by canonical name, and how the mask came to be.

    Attributes:
        kept: boolean tensors of the weights' shapes, True where the weight is kept.
        origin: how it came to be, in words: "magnitudes of the pre-trained weights".
        sparsity_target: the fraction asked for.
        step: optimizer updates after which it was found; None where there were none.
        parent: `sha256` of the mask it grew from; None for a first mask.
        made: whose it is, as fields; its `ranking` is the score.
        ranking: within what weights were ranked against each other, and in which pattern.
    """

    kept: dict[str, Tensor]
    origin: str
    sparsity_target: float
    step: int | None = None
    parent: str | None = None
    made: Origin = UNKNOWN
    ranking: Ranking = PLAIN

    @property
    def scope(self) -> str:
        """Scope and pattern of the ranking, in a word."""
        return self.ranking.word

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

    def account(self) -> dict[str, Any]:
        """All but the bits in plain values, as a checkpoint has them."""
        return {
            "origin": self.origin,
            "sparsity_target": self.sparsity_target,
            "step": self.step,
            "parent": self.parent,
            "made": self.made.as_dict(),
            **self.ranking.metadata(),
        }

    @classmethod
    def of_account(cls, kept: dict[str, Tensor], told: Mapping[str, Any]) -> Self:
        """Undo `account`, of a checkpoint that may be older than some of its values."""
        made = Origin.of(told.get("made", {}))
        return cls(
            kept=kept,
            origin=told["origin"],
            sparsity_target=told["sparsity_target"],
            step=told["step"],
            parent=told["parent"],
            made=made,
            ranking=Ranking.read(told, made.ranking),
        )

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
            **self.ranking.metadata(),
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
        packed, metadata = mask_file.read(path, place)
        try:
            shapes = mask_file.shapes_in(json.loads(metadata["shapes"]))
            made = Origin.read(metadata)
            mask = cls(
                kept=unpack(packed, shapes),
                origin=metadata["origin"],
                sparsity_target=json.loads(metadata["sparsity_target"]),
                step=json.loads(metadata["step"]),
                parent=json.loads(metadata["parent"]),
                made=made,
                ranking=Ranking.read(metadata, made.ranking),
            )
            mask_file.check_told(mask)
            contradiction = mask_file.contradiction(mask, metadata)
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
        misshapen: list[str] = []
        for name in sorted(shapes.keys() & self.kept.keys()):
            if self.shapes[name] != shapes[name]:
                misshapen.append(f"{name} (mask {self.shapes[name]}, model {shapes[name]})")
        problems: list[str] = []
        for kind, names in (("missing", missing), ("extra", extra), ("misshapen", misshapen)):
            if names:
                more = " …" if len(names) > 3 else ""
                problems.append(f"{len(names)} {kind}: {printable(', '.join(names[:3]))}{more}")
        if problems:
            raise UserError(
                f"{where}: the mask does not fit the model ({'; '.join(problems)}); was it made "
                f"from another upstream?"
            )


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
    return sum(flips_by(a, b).values())


def flips_by(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> dict[str, int]:
    """The same of each tensor."""
    ones, others = list(a.values()), [b[name] for name in a]
    if gpu := kernels_for([*ones, *others]):
        return dict(zip(a, gpu.count_differences(ones, others), strict=True))
    differing = []
    for flags, compared in zip(ones, others, strict=True):
        differing.append(torch.count_nonzero(flags ^ compared))
    return dict(zip(a, _numbers(differing), strict=True))


def kept_in(kept: Mapping[str, Tensor]) -> int:
    """How many weights a mask keeps."""
    return sum(counts(kept.values()))


def counts(tensors: Iterable[Tensor]) -> list[int]:
    """How many numbers of each tensor are not zero. A GPU is waited for once, not for
    each tensor.
    """
    numbers = list(tensors)
    if all(tensor.dtype == torch.bool for tensor in numbers) and (gpu := kernels_for(numbers)):
        return list(gpu.count_differences(numbers, None))
    # Several times faster than the sum of a boolean tensor.
    return _numbers([torch.count_nonzero(tensor) for tensor in numbers])


def _numbers(scalars: Sequence[Tensor]) -> list[int]:
    return list(torch.stack(list(scalars)).tolist()) if scalars else []


def random_iou(sparsity: float, other: float | None = None) -> float:
    """Expected overlap of two independent random masks at these sparsities; at the same one (1 − s)
    / (1 + s).

    Of N weights both keep N p q, and one at least keeps N (p + q − p q), with p and q what each
    keeps.
    """
    p, q = 1.0 - sparsity, 1.0 - (sparsity if other is None else other)
    return p * q / (p + q - p * q) if p + q else 1.0


def most_iou(sparsity: float, other: float) -> float:
    """The overlap of two masks at these sparsities of which one has all that the other keeps: no
    others of them overlap more.
    """
    fewer, more = sorted((1.0 - sparsity, 1.0 - other))
    return fewer / more if more else 1.0
