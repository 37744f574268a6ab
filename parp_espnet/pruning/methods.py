"""The methods, as rows of one table. Nothing else branches on a method's name.

A method is three choices (DESIGN: where the first mask comes from, what happens to it, how sparsity moves
over the run).
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.schedule import Constant, Schedule
from parp_espnet.pruning.selection import kept_count, select


class Source(Enum):
    """Where the first mask comes from when no mask file is given. A mask file takes its place."""

    NOTHING = "nothing is pruned"
    PRETRAINED = "magnitudes of the pre-trained weights"
    FILE = "a mask file"


@dataclass(frozen=True)
class Method:
    """One row. `runs` counts the finetunings that the method costs, those before this one included."""

    summary: str
    first_mask: Source
    adjusts: bool
    runs: int
    schedule: type[Constant] = Constant

    def schedule_for(self, sparsity: float, interval: int) -> Schedule:
        return self.schedule(sparsity, interval)


METHODS = {
    "dense": Method("finetune, prune nothing", Source.NOTHING, adjusts=False, runs=1),
    "mpi": Method("magnitude pruning at pre-trained initialisation", Source.PRETRAINED, adjusts=False, runs=1),
    "parp": Method("prune, adjust, re-prune", Source.PRETRAINED, adjusts=True, runs=1),
    "omp": Method("one-shot magnitude pruning of finetuned weights, rewound", Source.FILE, adjusts=False, runs=2),
    "transfer": Method("the mask of another language or task, as it is", Source.FILE, adjusts=False, runs=1),
}


def find_method(name: str) -> Method:
    """Return the row of a method. Raises `UserError` that suggests the nearest name."""
    if name not in METHODS:
        raise UserError(f"method: {describe_unknown(name, METHODS)}")
    return METHODS[name]


def first_mask(method: Method, pool: Mapping[str, Tensor], sparsity: float, file: Path | None) -> Mask:
    """Return the mask that a run starts from: that of `file` where one is given, else the method's own.

    Args:
        pool: the pre-trained weights, by canonical name.

    Raises:
        UserError: the file is no mask, does not fit the pool, or holds another sparsity.
    """
    if file is None:
        return Mask(select(pool, sparsity), origin=method.first_mask.value, sparsity_target=sparsity)
    mask = Mask.load(file)
    mask.check_fits(pool, where=str(file))
    if kept_in(mask.kept) != kept_count(mask.total, sparsity):
        raise UserError(
            f"{file}: expected a mask of sparsity {sparsity:g}, found {mask.sparsity:.6g}; "
            "ask for that sparsity or make another mask"
        )
    return mask


def describe_unknown(found: str, known: Iterable[str]) -> str:
    """'expected one of …, found …; did you mean …?'"""
    names = list(known)
    nearest = difflib.get_close_matches(str(found).lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"expected one of {', '.join(names)}, found {found!r}{hint}"
