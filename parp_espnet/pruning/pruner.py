"""The pruner: keeps a pool of parameters sparse while an optimizer trains them.

    pruner = Pruner(pool, adjusts=True, schedule=Constant(0.5, interval=5), record=print)
    pruner.start(mask)
    for batch in data:
        train(batch)             # optimizer.step() included
        pruner.after_update()
    pruner.prune()               # the result is exactly sparse

Fixed, the pruned weights are zeroed again after every update, whatever momentum and weight decay
did to them.
Adjusting (PARP, algorithm 1), nothing is masked between prunes: zeroed weights receive gradients
and move, and every prune ranks all weights afresh. Optimizer state is never touched here, and zeros
are written to the parameters that the optimizer holds. Other ways to move a mask are `movers`, of
which RigL's does touch it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from parp_espnet.pruning.mask_file import pack, unpack
from parp_espnet.pruning.masks import Mask, counts, flips, flips_by, iou_of, kept_in
from parp_espnet.pruning.measures import Measure, Nothing
from parp_espnet.pruning.movers import Masked, Mover
from parp_espnet.pruning.pool import shapes_of
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.schedule import Schedule
from parp_espnet.pruning.selection import PLAIN, apply_mask


@dataclass(frozen=True)
class PruneEvent:
    """One prune: a line of `pruning.jsonl`.

    Fractions are of the pool; None where there was no previous mask.
    """

    step: int
    sparsity: float
    tensors: dict[str, float]
    flips: int | None
    iou_previous: float | None
    iou_first: float
    seconds: float
    moved: dict[str, int] = field(default_factory=dict)
    """How many weights of a tensor changed sides, of those of which some did; nothing in a log of
    before it was counted.
    """


class Pruner:
    """See the module. `pool` holds the live parameters by canonical name; `record` receives each
    prune; `measure` what a score needs beside the weights; `mover` is by default what zeroes
    weights and keeps nothing beside them.
    """

    def __init__(
        self,
        pool: Mapping[str, Tensor],
        *,
        adjusts: bool,
        schedule: Schedule,
        record: Callable[[PruneEvent], None],
        ranking: Ranking = PLAIN,
        measure: Measure | None = None,
        mover: Mover | None = None,
    ) -> None:
        self.pool = dict(pool)
        self.adjusts = adjusts
        self.schedule = schedule
        self.ranking = ranking
        self.measure: Measure = Nothing() if measure is None else measure
        plain = Masked(self.pool, ranking, self.measure.of, adjusts=adjusts)
        self.mover: Mover = plain if mover is None else mover
        self.update = 0
        self._record = record
        self._pruned_at = -1
        self._ended = False
        self._kept: dict[str, Tensor] = {}
        self._first: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._kept_in_first = 0

    @property
    def sparsity(self) -> float:
        """Fraction of the pool that the last prune zeroed."""
        return 1 - self._kept_in_all / sum(tensor.numel() for tensor in self.pool.values())

    @property
    def wanted(self) -> float:
        """Fraction of the pool that a prune zeroes now."""
        return self._wanted_at(self.update)

    def _wanted_at(self, update: int) -> float:
        return self.schedule.sparsity if self._ended else self.schedule.sparsity_at(update)

    @property
    def _kept_in_all(self) -> int:
        return sum(self._counts.values())

    @property
    def kept(self) -> dict[str, Tensor]:
        """The mask of the last prune."""
        return self._kept

    @property
    def first(self) -> dict[str, Tensor]:
        """The mask that training started from."""
        return self._first

    def start(self, mask: Mask) -> None:
        """Zero what `mask` prunes, before the first update."""
        started = time.perf_counter()
        self._first = self._on_device(mask.kept)
        self._kept_in_first = kept_in(self._first)
        self.mover.begin(self._first)
        apply_mask(self.pool, self._first)
        self._adopt(self._first, previous=None, started=started)

    def before_update(self) -> None:
        """Call once before every optimizer update, when its gradients are there; needed by methods
        that use these, or keep weights beside.
        """
        if self.adjusts and self.mover.ahead and self.schedule.is_prune(self.update + 1):
            self._move(self.update + 1)
        self.mover.before_update(self._kept)

    def after_update(self) -> None:
        """Call once after every optimizer update that happened, and after none that was skipped."""
        self.update += 1
        self.measure.after_update()
        self.mover.after_update(self._kept, self.sparsity)
        if not self.mover.ahead and self.schedule.is_prune(self.update):
            self.prune()

    def prune(self) -> None:
        """Make the weights exactly sparse now: rank them afresh where the mask adjusts.

        Call before every validation and save, and at the end. A second call at the same update does
        nothing. Where gradients move the mask, the weights always are.
        """
        if not self.adjusts or self.mover.ahead:
            return
        self.measure.settle()
        if self._pruned_at == self.update:
            return
        self._move(self.update)

    def end(self) -> None:
        """The same once the last update is done: where updates were left out, a sparsity that grows
        is not where it has to be by then.
        """
        before = self.wanted
        self._ended = True
        if self.wanted != before:
            self._pruned_at = -1
        self.prune()

    def _move(self, update: int) -> None:
        started = time.perf_counter()
        kept = self.mover.move(self._wanted_at(update), update, self._kept)
        self._adopt(kept, previous=self._kept, started=started, update=update)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs, in tensors and plain types; masks take one bit a
        weight.
        """
        return {
            "update": self.update,
            "pruned_at": self._pruned_at,
            "ended": self._ended,
            "kept": pack(self._kept),
            "first": pack(self._first),
            "measured": self.measure.state_dict(),
            "moved": self.mover.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict()`. The weights themselves are loaded by whoever holds the
        model.
        """
        shapes = shapes_of(self.pool)
        self.update, self._pruned_at = state["update"], state["pruned_at"]
        self._ended = state.get("ended", False)
        self._first = self._on_device(unpack(state["first"], shapes))
        self._kept_in_first = kept_in(self._first)
        self._hold(self._on_device(unpack(state["kept"], shapes)))
        # A state of before there were measures, or movers, has none.
        self.measure.load_state_dict(state.get("measured", {}))
        self.mover.load_state_dict(state.get("moved", {}))

    def _on_device(self, kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: kept[name].to(tensor.device) for name, tensor in self.pool.items()}

    def _hold(self, kept: dict[str, Tensor]) -> None:
        self._kept = kept
        self._counts = dict(zip(kept, counts(kept.values()), strict=True))

    def _adopt(
        self,
        kept: dict[str, Tensor],
        previous: dict[str, Tensor] | None,
        started: float,
        update: int = 0,
    ) -> None:
        kept_before = self._kept_in_all
        self._hold(kept)
        self._pruned_at = update
        # Each pair of masks is gone through once; it would otherwise take longer than the prune.
        flipped, iou_previous = None, None
        moved: dict[str, int] = {}
        if previous is not None:
            moved = flips_by(kept, previous)
            flipped = sum(moved.values())
            iou_previous = iou_of(self._kept_in_all + kept_before, flipped)
        flipped_first = flips(kept, self._first)
        sparsities: dict[str, float] = {}
        for name, count in self._counts.items():
            sparsities[name] = 1 - count / kept[name].numel()
        event = PruneEvent(
            step=update,
            sparsity=self.sparsity,
            tensors=sparsities,
            flips=flipped,
            iou_previous=iou_previous,
            iou_first=iou_of(self._kept_in_all + self._kept_in_first, flipped_first),
            seconds=time.perf_counter() - started,
            moved={name: count for name, count in moved.items() if count},
        )
        self._record(event)


def nonzero_count(pool: Mapping[str, Tensor]) -> int:
    """How many weights of the pool are not zero."""
    return sum(counts(pool.values()))
