"""A training that is told to end does so between two updates, and leaves a state from which it
continues exactly.

Queues tell by SIGTERM some time before SIGKILL, when a job is preempted, cancelled or out of time;
Slurm by SIGUSR1 where it was asked to (`sbatch --signal=B:USR1@120`). Ctrl-C of a recipe arrives as
SIGTERM, too. ESPnet saves once an epoch, which may take an hour. What is saved here is of within
one: the batches that were trained on, every process's random numbers, and what was reported so far,
beside all that ESPnet saves.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import length_hint
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.espnet import checkpoints, ranks
from parp_espnet.espnet.batches import SIGNALS, Batches, keep_readers
from parp_espnet.espnet.chance import Chance
from parp_espnet.espnet.stock import to_reported_value

CODE = 128 + signal.SIGTERM


class Interruption:
    """Notes signals, ends a training at the next boundary after one, and continues what was ended
    so.

    Args:
        directory: the experiment's.
        model: as checkpoints have it, not wrapped.
        accum_grad: batches an update.
        update: returns how many updates there were.
        writes: whether this process writes files (rank 0).
    """

    def __init__(
        self,
        directory: Path,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        schedulers: Sequence[Any],
        *,
        accum_grad: int,
        update: Callable[[], int],
        writes: bool,
    ) -> None:
        self._path = directory / checkpoints.WITHIN
        self._model = model
        self._optimizers = optimizers
        self._schedulers = schedulers
        self._accum_grad = accum_grad
        self._update = update
        self._writes = writes
        self._device = next(model.parameters()).device
        self._signal: int | None = None
        # Of the epoch, see `begin_epoch`.
        self._reporter: Any = None
        self._scaler: Any = None
        self._batches = 0
        self._trained = 0
        self._over = False
        self._first_update = 0
        self._chance: Chance | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within, a signal is noted, and heeded at the next boundary."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python lets no other thread ask for signals
            return

        def note(number: int, _: FrameType | None) -> None:
            self._signal = number

        previous = {}
        for number in SIGNALS:
            previous[number] = signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @property
    def has_updated(self) -> bool:
        """Whether there was an update in this epoch, those before it was interrupted included."""
        return self._update() > self._first_update

    def begin_epoch(self, reporter: Any, scaler: Any, batches: Any) -> None:
        """Begin an epoch, or continue one: of this `SubReporter`, with these batches.

        Raises `UserError` when what is left of it had other batches or another number of processes.
        """
        self._reporter, self._scaler, self._batches = reporter, scaler, length_hint(batches)
        self._trained, self._over, self._chance = 0, False, None
        self._first_update = self._update()
        if ranks.on_first_rank(self._path.exists):
            self._continue(checkpoints.read(self._path))

    def training(self, batches: Any) -> Batches:
        """Return those of the epoch's batches that are not yet trained on; heed signals between
        updates.
        """

        def between(number: int) -> None:
            self._trained = number
            if number % self._accum_grad == 0:
                self._heed(Chance.now)

        if self._over:
            return Batches((), lambda _: None, chance=self._chance)
        keep_readers(batches)
        return Batches(batches, between, skip=self._trained, chance=self._chance)

    def validation(self, batches: Any) -> Batches:
        """Return the validation's batches; heed signals between them, and begin with the first one
        again.
        """
        self._over = True
        keep_readers(batches)
        chance = Chance.now()
        return Batches(batches, lambda _: self._heed(lambda: chance))

    def _heed(self, chance: Callable[[], Chance]) -> None:
        """End the process where any rank got a signal, with what the epoch needs to go on."""
        if not ranks.any_of(self._signal is not None, self._device):
            return
        # All of them come here at the same boundary, and none ends before the file is there.
        everywhere = ranks.gather({"chance": chance().state, "reported": _reported(self._reporter)})
        if self._writes:
            told = "a signal to another process"
            if self._signal is not None:
                told = signal.Signals(self._signal).name
            if self._trained or self._over:  # else the last checkpoint has it all
                checkpoints.save(self._path, self._state(everywhere))
            print(
                f"interrupted by {told}: {self._path.parent} has what there is after update "
                f"{self._update()}; "
                "the same command continues",
                file=sys.stderr,
            )
        ranks.wait_for_all()
        sys.exit(CODE)

    def _state(self, everywhere: list[Any]) -> dict[str, Any]:
        return {
            "epoch": self._reporter.get_epoch(),
            "batches": self._batches,
            "trained": self._trained,
            "over": self._over,
            "first_update": self._first_update,
            "model": self._model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "schedulers": list(map(_state_of, self._schedulers)),
            "scaler": _state_of(self._scaler),
            "ranks": everywhere,
        }

    def _continue(self, state: Mapping[str, Any]) -> None:
        then, now = (state["batches"], len(state["ranks"])), (self._batches, ranks.count())
        if then != now:
            raise UserError(
                f"{self._path}: was left by a training of {then[0]} batches an epoch in {then[1]} "
                f"processes, "
                f"this one has {now[0]} in {now[1]}; continue it as it was, or delete the file to "
                f"begin the epoch again"
            )
        self._model.load_state_dict(state["model"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for scheduler, saved in zip(self._schedulers, state["schedulers"], strict=True):
            if scheduler is not None:
                scheduler.load_state_dict(saved)
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])
        here = state["ranks"][ranks.number()]
        _report_again(self._reporter, here["reported"])
        self._chance = Chance(here["chance"])
        self._trained, self._over = state["trained"], state["over"]
        self._first_update = state["first_update"]


def _state_of(part: Any) -> Any:
    """What a checkpoint holds of an optimizer's scheduler or scaler, where there is one."""
    return None if part is None else part.state_dict()


def _reported(reporter: Any) -> dict[str, Any]:
    """Return what a `SubReporter` was told, in plain types: (value, weight or None) a batch."""
    stats: dict[str, list[tuple[Any, Any]]] = {}
    for key, values in reporter.stats.items():
        stats[key] = []
        for batch in values:
            stats[key].append((_plain(batch.value), _plain(getattr(batch, "weight", None))))
    return {"count": reporter.count, "total_count": reporter.total_count, "stats": stats}


def _report_again(reporter: Any, told: Mapping[str, Any]) -> None:
    reporter.count, reporter.total_count = told["count"], told["total_count"]
    for key, values in told["stats"].items():
        reporter.stats[key] = [to_reported_value(value, weight) for value, weight in values]


def _plain(number: Any) -> Any:
    """A number of NumPy's as one of Python's: checkpoints hold plain types."""
    return number.item() if hasattr(number, "item") else number
