"""The methods, as rows of one table. Nothing else branches on a method's name.

A method is three choices (DESIGN: where the first mask comes from, what happens to it, how sparsity
moves over the run).
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from parp_espnet.errors import UserError

HOW = ("union", "intersection", "majority")
"""How several masks become one."""


class Source(Enum):
    """Where the first mask comes from when no mask file is given. A mask file takes its place."""

    NOTHING = "nothing is pruned"
    PRETRAINED = "magnitudes of the pre-trained weights"
    RANDOM = "magnitudes of weights drawn at random, as before pretraining"
    UNIFORM = "a uniform draw in each tensor"
    FINETUNED = "magnitudes of the finetuned weights"
    ITERATED = (
        "magnitudes after rounds of short finetuning, ten points sparser each, rewound each time"
    )
    FILE = "a mask file"

    @property
    def in_training(self) -> bool:
        """Whether training itself makes this mask, of the weights that it begins with; others come
        as files.
        """
        return self in (Source.NOTHING, Source.PRETRAINED)

    def runs_before(self, sparsity: float) -> int:
        """How many finetunings this mask costs before the one that it is for."""
        return {Source.FINETUNED: 1, Source.ITERATED: len(rounds(sparsity))}.get(self, 0)


ROUND = 0.1
"""How much sparser each round of IMP is than the one before."""


def rounds(sparsity: float) -> list[float]:
    """Return the sparsities after each of IMP's rounds: 0.1, 0.2, …, and the last is `sparsity`."""
    whole = [round(ROUND * number, 10) for number in range(1, 10)]
    return [*(one for one in whole if one < sparsity - 1e-9), sparsity] if sparsity > 0 else []


@dataclass(frozen=True)
class Method:
    """One row: where the first mask comes from, whether it adjusts, and whether sparsity grows over
    the run.
    """

    summary: str
    first_mask: Source
    adjusts: bool
    grows: bool = False
    reference: bool = False
    """Whether a study compares every other method with it."""

    @property
    def prunes(self) -> bool:
        """Whether anything is pruned at all."""
        return self.first_mask is not Source.NOTHING

    @property
    def given(self) -> bool:
        """Whether its mask is always one from elsewhere, which stays as it is."""
        return self.first_mask is Source.FILE and not self.adjusts


METHODS = {
    "dense": Method("finetune, prune nothing", Source.NOTHING, adjusts=False, reference=True),
    "rp": Method("random pruning", Source.RANDOM, adjusts=False),
    "mpi": Method(
        "magnitude pruning at pre-trained initialisation",
        Source.PRETRAINED,
        adjusts=False,
        reference=True,
    ),
    "omp": Method(
        "one-shot magnitude pruning of finetuned weights, rewound",
        Source.FINETUNED,
        adjusts=False,
        reference=True,
    ),
    "imp": Method(
        "iterative magnitude pruning, the lottery ticket",
        Source.ITERATED,
        adjusts=False,
        reference=True,
    ),
    "parp": Method("prune, adjust, re-prune", Source.PRETRAINED, adjusts=True),
    "parp-p": Method(
        "the same from a lower sparsity, which grows", Source.PRETRAINED, adjusts=True, grows=True
    ),
    "transfer": Method(
        "the mask of another language or task, as it is", Source.FILE, adjusts=False
    ),
}


UNPRUNED = next(name for name, row in METHODS.items() if not row.prunes)
"""The method that prunes nothing."""
UNKNOWN = Method("of another version", Source.FILE, adjusts=True)
"""Stands for a method that a result names and this version does not have."""


def row_of(name: str) -> Method:
    """Return the row of a method, `UNKNOWN` for one that this version does not have."""
    return METHODS.get(name, UNKNOWN)


def find_method(name: str) -> Method:
    """Return the row of a method. Raises `UserError` that suggests the nearest name."""
    if name not in METHODS:
        raise UserError(f"method: {describe_unknown(name, METHODS)}")
    return METHODS[name]


def describe_unknown(found: str, known: Iterable[str]) -> str:
    """'expected one of …, found …; did you mean …?'"""
    names = list(known)
    nearest = difflib.get_close_matches(str(found).lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"expected one of {', '.join(names)}, found {found!r}{hint}"
