"""How sparsity moves over a run.

A schedule answers two questions: how sparse at this update, and is it a prune.
"""

from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """What the pruner asks. Updates are counted from 1; 0 is the first prune, before any update."""

    def sparsity_at(self, update: int) -> float:
        """Fraction of the pool that is zero after a prune at `update`."""
        ...

    def is_prune(self, update: int) -> bool:
        """Whether the pool is ranked afresh after `update`."""
        ...


@dataclass(frozen=True)
class Constant:
    """The same sparsity from the first update to the last, ranked afresh every `interval` updates."""

    sparsity: float
    interval: int

    def sparsity_at(self, update: int) -> float:
        return self.sparsity

    def is_prune(self, update: int) -> bool:
        return update % self.interval == 0
