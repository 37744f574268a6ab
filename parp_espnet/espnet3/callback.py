"""A Lightning callback that keeps a model sparse while espnet3 trains it, from espnet3's YAML:

    trainer:
      callbacks:
        - _target_: parp_espnet.espnet3.callback.PruningCallback
          exp_dir: ${exp_dir}
          prune_conf: ${prune_conf}
          seed: ${seed}

The training loop is Lightning's, and what keeps the weights sparse is `PrunedTraining`.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn

from parp_espnet.errors import UserError
from parp_espnet.espnet.freezing import HeadFirst, freeze_convolutions
from parp_espnet.espnet3.finish import Finish, take_along
from parp_espnet.files import write_json
from parp_espnet.pruning.log import PruningLog
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.pruner import PruneEvent
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.pruning.training import PrunedTraining

FIRST_MASK = "initial_mask.safetensors"
LOOKED_AT = 4
"""Batches that are looked at before the first update, for a score of what comes to weights."""

PROGRESS_SECONDS = 1.0


class PruningCallback(Callback):
    """Prunes after updates, before each validation and at the end of each epoch, and resumes
    exactly from any checkpoint that Lightning makes there.

    What `ModelCheckpoint` saves at a validation or at an epoch's end is exactly sparse. One that is
    saved within an epoch is as sparse as its weights were then: `training.json` says of every
    checkpoint that is left how sparse it is.
    """

    def __init__(
        self, exp_dir: str, prune_conf: Mapping[str, Any] | None = None, seed: int | None = None
    ) -> None:
        """Prepare a training.

        Args:
            exp_dir: receives `pruning.jsonl`, the masks, the final model and `training.json`.
            prune_conf: method, sparsity, interval, …: as of any recipe here.
            seed: of Python's, NumPy's and torch's generators, which begin anew with each epoch, so
                that a resumed epoch draws what it would have drawn.

        Raises `UserError` where `prune_conf` is wrong.
        """
        self.directory = Path(exp_dir)
        self.settings = PruneSettings.parse(_plain(prune_conf))
        self.seed = 0 if seed is None else int(seed)
        self.pruning: PrunedTraining | None = None
        self._head_first: HeadFirst | None = None
        self._state: dict[str, Any] | None = None
        self._log = PruningLog(self.directory / "pruning.jsonl")
        self._writes = True
        self._trainer: Trainer | None = None
        self._earlier_seconds = 0.0
        self._started = time.perf_counter()
        self._written_at = -PROGRESS_SECONDS

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of training, with those before the checkpoint that was resumed."""
        return self._earlier_seconds + time.perf_counter() - self._started

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Freeze what never trains, before there is an optimizer."""
        del stage
        self._trainer = trainer
        self._writes = trainer.is_global_zero
        # Numbers below 1e-38 slow a CPU down tenfold and mean nothing here.
        torch.set_flush_denormal(True)
        freeze_convolutions(model_of(pl_module), train=self.settings.prunes_channels)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Leave the process as it was."""
        del trainer, pl_module, stage
        torch.set_flush_denormal(False)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prune for the first time, or take up a resumed training."""
        self._begin(trainer, pl_module)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed all generators when an epoch begins; let only the head train for a while."""
        del pl_module, batch
        if batch_idx == 0:
            seed_all(self.seed + trainer.current_epoch)
        if self.settings.freeze_updates:
            assert self._head_first is not None
            update = self._present().pruner.update
            self._head_first.freeze(update < self.settings.freeze_updates)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Say how far it is."""
        del pl_module, outputs, batch, batch_idx
        if time.perf_counter() - self._written_at >= PROGRESS_SECONDS:
            self._write_progress(trainer, "train")

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Validate the sparse model, and not what is between two prunes."""
        del pl_module
        if self.pruning is not None and not trainer.sanity_checking:
            self._prune(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Make the weights sparse for the checkpoint that follows."""
        del pl_module
        self._prune(trainer)
        self._write_progress(trainer, "valid")

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the final model, its mask, and the account of them."""
        if self.pruning is None:  # resumed after its last epoch: there is nothing left to train
            self._begin(trainer, pl_module)
        self._present().end()
        if self._writes:
            finish = Finish(self._present(), model_of(pl_module), self.directory)
            finish.leave(trainer, seconds=self.seconds, seed=self.seed)
            self._write_progress(trainer, "done")

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds of the pruning, in tensors and plain types."""
        if self.pruning is None:
            return self._state or {}
        return {"pruning": self.pruning.state_dict(), "seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep a checkpoint's until there is an optimizer."""
        self._state = state_dict

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take the best models so far along where their directory has been moved: Lightning forgets
        those of another path.
        """
        del pl_module
        states = checkpoint.get("callbacks") or {}
        for callback in trainer.checkpoint_callbacks:
            state = states.get(callback.state_key)
            if isinstance(callback, ModelCheckpoint) and isinstance(state, dict):
                take_along(state, str(callback.dirpath))

    def _prune(self, trainer: Trainer) -> None:
        epochs = trainer.max_epochs or 0
        if 0 < epochs <= trainer.current_epoch + 1 and trainer.is_last_batch:
            self._present().end()
        else:
            self._present().prune()

    def _begin(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if len(trainer.optimizers) != 1:
            raise UserError(
                f"optimizers: expected one, found {len(trainer.optimizers)}: the pruning counts "
                f"the updates of one optimizer"
            )
        model = model_of(pl_module)
        self._started = time.perf_counter()
        self.pruning = PrunedTraining(
            model,
            trainer.optimizers[0],
            self.settings,
            record=self._record,
            whose=Origin.of_experiment(self.directory),
        )
        # After it, since some methods freeze more than the convolutions, and for good.
        self._head_first = HeadFirst(model)
        if trainer.ckpt_path is not None:
            self._resume(str(trainer.ckpt_path))
        else:
            self._start(pl_module)

    def _start(self, pl_module: LightningModule) -> None:
        pruning = self._present()
        if self._writes:
            self._log.cut(-1)
        mask = pruning.start(_looking(pl_module) if pruning.needs_batches else None)
        if self._writes:
            mask.save(self.directory / FIRST_MASK)
        logging.info(
            f"first mask: {mask.origin}; {mask.sparsity:.6f} of {mask.total} weights are zero"
        )

    def _resume(self, checkpoint: str) -> None:
        if not self._state or "pruning" not in self._state:
            raise UserError(
                f"{checkpoint}: expected a checkpoint of a training with PruningCallback, found "
                f"one without; use another exp_dir"
            )
        pruning = self._present()
        pruning.load_state_dict(self._state["pruning"], where=checkpoint)
        self._earlier_seconds = float(self._state["seconds"])
        if self._writes:
            self._log.cut(pruning.pruner.update)
            if not (self.directory / FIRST_MASK).exists():
                pruning.first_mask.save(self.directory / FIRST_MASK)

    def _present(self) -> PrunedTraining:
        assert self.pruning is not None
        return self.pruning

    def _record(self, event: PruneEvent) -> None:
        if not self._writes:
            return
        self._log.append(event)
        values = {"sparsity": event.sparsity, "mask_iou_first": event.iou_first}
        if event.flips is not None:
            values["mask_flips"] = event.flips
        for logger in [] if self._trainer is None else self._trainer.loggers:
            logger.log_metrics(values, step=event.step)

    def _write_progress(self, trainer: Trainer, phase: str) -> None:
        self._written_at = time.perf_counter()
        if not self._writes:
            return
        loss = trainer.callback_metrics.get("train/loss")
        progress = {
            "update": self._present().pruner.update,
            "updates": _updates_of(trainer),
            "loss": None if loss is None or not torch.isfinite(loss) else float(loss),
            "seconds": round(self.seconds, 1),
            "phase": phase,
        }
        write_json(self.directory / "progress.json", progress)


def model_of(pl_module: LightningModule) -> nn.Module:
    """The model that espnet3 wraps: what its checkpoints hold, by its own names."""
    inner: nn.Module = getattr(pl_module, "model", pl_module)
    return inner


def seed_all(seed: int) -> None:
    """Seed every generator that a training may draw from, as ESPnet's trainer does."""
    random.seed(seed)
    np.random.seed(seed)  # the one that preprocessors draw from
    torch.manual_seed(seed)


def _updates_of(trainer: Trainer) -> int | None:
    """Updates of the whole run, where they are known."""
    epochs, batches = trainer.max_epochs, trainer.num_training_batches
    if epochs is None or epochs < 0 or not isinstance(batches, int):
        return None
    return epochs * batches // trainer.accumulate_grad_batches


def _plain(conf: Mapping[str, Any] | None) -> dict[str, Any]:
    """What Hydra hands over, in plain types."""
    if isinstance(conf, DictConfig):
        return dict(OmegaConf.to_container(conf, resolve=True))  # type: ignore[arg-type]
    return dict(conf or {})


def _looking(pl_module: LightningModule) -> Callable[[], object]:
    """What runs the first batches of training through the model."""

    def look() -> None:
        for _, batch in islice(pl_module.train_dataloader(), LOOKED_AT):
            there = {
                name: value.to(pl_module.device) if isinstance(value, Tensor) else value
                for name, value in batch.items()
            }
            model_of(pl_module)(**there)

    return look
