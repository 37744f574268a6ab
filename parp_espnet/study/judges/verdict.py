"""What is said of a claim, and comparisons counted.

A comparison counts for a claim, or against it, where its paired 95 % interval does not hold 0 (p
below 0.05). Seeds count as comparisons of their own, as do ways of decoding one model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from parp_espnet.scoring.bootstrap import RESAMPLES, percentiles, sums
from parp_espnet.study.arms import Arm
from parp_espnet.study.evidence import Comparison

DENSE, RP, MPI, OMP, IMP = Arm("dense"), Arm("rp"), Arm("mpi"), Arm("omp"), Arm("imp")

PARP, PARP_P, TRANSFER = Arm("parp"), Arm("parp-p"), Arm("transfer")


class Verdict(StrEnum):
    """What the study says of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNDECIDED = "undecided"
    UNTESTED = "not tested here"


@dataclass(frozen=True)
class Tally:
    """How many comparisons say that the first has fewer errors, more errors, or neither."""

    fewer: int
    more: int
    neither: int
    differences: tuple[float, ...]

    @classmethod
    def of(cls, comparisons: Iterable[Comparison]) -> "Tally":
        """Count them."""
        fewer = more = neither = 0
        differences: list[float] = []
        for comparison in comparisons:
            differences.append(comparison.difference)
            if comparison.apart and comparison.difference < 0:
                fewer += 1
            elif comparison.apart and comparison.difference > 0:
                more += 1
            else:
                neither += 1
        return cls(fewer, more, neither, tuple(differences))

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __str__(self) -> str:
        middle = 100 * median(self.differences)
        total = len(self.differences)
        return (
            f"fewer errors in {self.fewer} of {total}, more in {self.more}, median difference "
            f"{middle:+.1f} points"
        )


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean over values drawn with replacement."""
    means = sums([values], seed=0, resamples=RESAMPLES)[0] / len(values)
    return percentiles(means, 0.95)


def decide(holds: bool, fails: bool) -> Verdict:
    """Return what is said of a claim that is borne out, contradicted, or neither."""
    if holds:
        return Verdict.HOLDS
    return Verdict.FAILS if fails else Verdict.UNDECIDED
