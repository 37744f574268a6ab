"""How sparsity moves over a run.

A schedule answers two questions: how sparse at this update, and is it a prune.
"""

from dataclasses import dataclass
from typing import Protocol

PATHS = {"linear": 1, "cubic": 3}
"""Path of a growing sparsity → the exponent of what is left to grow."""


class Schedule(Protocol):
    """What the pruner asks. Updates are counted from 1; 0 is the first prune, before any update."""

    @property
    def sparsity(self) -> float:
        """The same at the end of the run."""
        ...

    def sparsity_at(self, update: int) -> float:
        """Fraction of the pool that is zero after a prune at `update`."""
        ...

    def is_prune(self, update: int) -> bool:
        """Whether the pool is ranked afresh after `update`."""
        ...


@dataclass(frozen=True)
class Constant:
    """The same sparsity from the first update to the last, ranked afresh every
    `interval` updates.
    """

    sparsity: float
    interval: int

    def sparsity_at(self, update: int) -> float:
        return self.sparsity

    def is_prune(self, update: int) -> bool:
        return update % self.interval == 0


@dataclass(frozen=True)
class Growing:
    """Sparsity that grows from `start` to `sparsity` over the first `updates` updates and stays
    there, ranked afresh every `interval` of them.

    `path` is linear, as in PARP-P (Lai et al. 2021, section 4.4), or cubic: fast at first, slow
    towards the end (Zhu and Gupta 2017, equation 1).
    """

    sparsity: float
    interval: int
    start: float
    updates: int
    path: str = "linear"

    def sparsity_at(self, update: int) -> float:
        if update == 0:
            return float(self.start)  # a difference would have dust
        left = max(0.0, 1.0 - update / self.updates)
        return float(self.sparsity - (self.sparsity - self.start) * left ** PATHS[self.path])

    def is_prune(self, update: int) -> bool:
        return update % self.interval == 0
