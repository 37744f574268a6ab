"""One training run as pruning sees it: freezing, the pruner, its log, and the progress file."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.espnet.freezing import HeadFirst, freeze_convolutions
from parp_espnet.espnet.ranks import check_same_mask
from parp_espnet.files import write_json
from parp_espnet.pruning.log import PruningLog
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.pruner import PruneEvent, Pruner
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.pruning.training import PrunedTraining

FIRST_MASK = "initial_mask.safetensors"
STATE_KEY = "parp"
PROGRESS_SECONDS = 1.0


class Session:
    """Everything that `PruningTrainer` keeps between its hooks.

    Its state travels inside `checkpoint.pth` as an extra entry of the optimizer's state, through
    torch's public state_dict hooks, in tensors and plain types only.

    Args:
        directory: the experiment's; receives `pruning.jsonl`, `initial_mask.safetensors` and
            `progress.json`.
        max_epoch: epochs of the whole run, for the progress file.
        writes: whether this process writes files (rank 0).
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        settings: PruneSettings,
        *,
        directory: Path,
        max_epoch: int,
        writes: bool,
    ) -> None:
        self.settings = settings
        self.directory = directory
        self.writes = writes
        freeze_convolutions(model, train=settings.prunes_channels)
        self.pruning = PrunedTraining(
            model, optimizer, settings, record=self._record, whose=Origin.of_experiment(directory)
        )
        # After it, since some methods freeze more than the convolutions, and for good.
        self._head_first = HeadFirst(model)
        self._log = PruningLog(directory / "pruning.jsonl")
        self._reporter: Any = None
        self._max_epoch = max_epoch
        self._updates: int | None = None
        self._cuts = False
        self._earlier_seconds = 0.0
        self._started = time.perf_counter()
        self._written_at = -math.inf
        optimizer.register_step_post_hook(lambda *_: self._after_update())
        optimizer.register_state_dict_post_hook(self._add_state)
        optimizer.register_load_state_dict_pre_hook(self._take_state)

    @property
    def pruner(self) -> Pruner:
        """What keeps the weights sparse."""
        return self.pruning.pruner

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of training, with those before the checkpoint that was resumed."""
        return self._earlier_seconds + time.perf_counter() - self._started

    @property
    def updates(self) -> int | None:
        """Updates of the whole run, where an epoch was begun and they are known."""
        return self._updates

    def start(self, batches: Callable[[], object] | None = None) -> None:
        """Prune for the first time.

        Not called when a checkpoint is about to be resumed: it brings its own mask.

        Args:
            batches: runs some batches through the model, where `pruning.needs_batches`.
        """
        if self.writes:
            self._log.cut(-1)
        mask = self.pruning.start(batches)
        if self.writes:
            mask.save(self.directory / FIRST_MASK)
        logging.info(
            f"first mask: {mask.origin}; {mask.sparsity:.6f} of {mask.total} weights are zero"
        )

    def begin_epoch(self, reporter: Any, updates: int) -> None:
        """Take the epoch's `SubReporter` and its number of optimizer updates, 0 if nobody knows."""
        self._reporter = reporter
        self._updates = self._max_epoch * updates or None
        self._cut_log()
        # Not before: what is frozen when DistributedDataParallel is made is left out of it for
        # good.
        self._head_first.freeze(self.pruner.update < self.settings.freeze_updates)

    def end_epoch(self) -> None:
        """Make the weights sparse for the validation and the save that follow.

        Where the mask adjusts, this is one more prune of the same kind, at an irregular distance
        unless the epoch's updates are a multiple of the interval.
        """
        self._write_progress("valid")
        is_last = self._reporter.get_epoch() >= self._max_epoch
        self._reporter = None  # after its last `next()` an ESPnet reporter takes no more values
        if is_last:
            self.pruning.end()
        else:
            self.pruning.prune()

    def finish(self) -> None:
        """Say that training is over."""
        self._cut_log()
        self._updates = self.pruner.update
        self._write_progress("done")

    def _after_update(self) -> None:
        if self.pruner.update == self.settings.freeze_updates:
            self._head_first.freeze(False)
        if time.perf_counter() - self._written_at >= PROGRESS_SECONDS:
            self._write_progress("train")

    def _record(self, event: PruneEvent) -> None:
        check_same_mask(self.pruner.kept, event.step)
        if self.writes:
            self._log.append(event)
        if self._reporter is not None:
            values = {
                "sparsity": event.sparsity,
                "mask_flips": event.flips,
                "mask_iou_first": event.iou_first,
            }
            self._reporter.register(values | {"mask_iou_previous": event.iou_previous})

    def _write_progress(self, phase: str) -> None:
        self._written_at = time.perf_counter()
        if self.writes:
            progress = {
                "update": self.pruner.update,
                "updates": self._updates,
                "loss": self._last_loss(),
                "seconds": round(self.seconds, 1),
                "phase": phase,
            }
            write_json(self.directory / "progress.json", progress)

    def _last_loss(self) -> float | None:
        losses = [] if self._reporter is None else self._reporter.stats.get("loss", [])
        return float(losses[-1].value) if losses and math.isfinite(losses[-1].value) else None

    def _add_state(self, _: torch.optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        return state | {STATE_KEY: self.pruning.state_dict() | {"seconds": self.seconds}}

    def _take_state(self, _: torch.optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        if STATE_KEY not in state:
            raise UserError(
                f"{self.directory}/checkpoint.pth: expected a checkpoint of parp_espnet.bin.train, "
                "found one of another trainer; use another directory"
            )
        ours = state[STATE_KEY]
        self.pruning.load_state_dict(ours, where=str(self.directory))
        self._earlier_seconds = ours["seconds"]
        self._take_first_mask(told=ours.get("first_mask") is not None)
        self._cuts = True
        return {key: value for key, value in state.items() if key != STATE_KEY}

    def _take_first_mask(self, told: bool) -> None:
        path = self.directory / FIRST_MASK
        if not told:  # a checkpoint of before it was told
            self.pruning.take_first_mask(Mask.load(path))
        elif self.writes and not path.exists():
            logging.warning(f"{path} is gone: writing it again from the checkpoint")
            self.pruning.first_mask.save(path)

    def _cut_log(self) -> None:
        """Drop what the log has of updates that are done again.

        Not before the first epoch: a state within it may follow the checkpoint that was read.
        """
        if self._cuts and self.writes:
            self._log.cut(self.pruner.update)
        self._cuts = False
