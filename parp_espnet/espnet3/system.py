"""espnet3's stages of a training with pruning: what is complete is skipped, what was interrupted
goes on.
"""

import copy
import logging
import os
import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from espnet3.contract.stages import StageSpec  # type: ignore[import-untyped]
from espnet3.systems.base.system import BaseSystem  # type: ignore[import-untyped]
from omegaconf import OmegaConf

from parp_espnet.espnet3.settings import check_callback, check_same
from parp_espnet.espnet3.speech import is_made, need_free, need_made
from parp_espnet.locks import locked
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.upstreams.starts import SUMMARY

SAVED = re.compile(r"step(\d+)\.ckpt")
"""Checkpoints that espnet3 makes at the end of each epoch."""


class PruningSystem(BaseSystem):  # type: ignore[misc]  # espnet3 is untyped
    """Speech, training, and the PER; the model is then an experiment like any other."""

    training_config: Any

    stages: ClassVar[tuple[StageSpec, ...]] = (
        StageSpec(name="create_dataset", config="training", log_dir="data_dir"),
        StageSpec(name="train", config="training", log_dir="exp_dir"),
        StageSpec(name="measure", config="training", log_dir="exp_dir"),
    )

    def create_dataset(self, *args: object, **kwargs: object) -> None:
        """Make speech and upstream, where they are not there.

        Raises `UserError` where an experiment was made with other settings, and would lose what it
        was trained on.
        """
        self._reject_stage_args("create_dataset", args, kwargs)
        config = self.training_config
        check_same(config, Path(config.exp_dir))
        with _alone(Path(config.data_dir)):
            if not is_made(config):
                need_free(config)
            super().create_dataset()

    def train(self, *args: object, **kwargs: object) -> None:
        """Train, or continue from the last epoch that is whole.

        Raises `UserError` where what is there was made with other settings, or another process
        trains it.
        """
        self._reject_stage_args("train", args, kwargs)
        check_callback(self.training_config)
        with _alone(Path(self.training_config.exp_dir)):
            self._train()

    def _train(self) -> None:
        directory = Path(self.training_config.exp_dir)
        checkpoint = newest_checkpoint(directory)
        is_complete = (directory / SUMMARY).is_file()
        if is_complete or checkpoint is not None:
            check_same(self.training_config, directory)
        if is_complete:
            logging.info(f"{directory}: complete; skipped")
            return
        need_made(self.training_config)
        asked = self.training_config
        # espnet3 adds to the trainer's settings; the next stage is to see what the YAML says.
        self.training_config = copy.deepcopy(asked)
        if checkpoint is not None:
            logging.info(f"{directory}: continues from {checkpoint.name}")
            OmegaConf.update(self.training_config, "fit.ckpt_path", str(checkpoint), force_add=True)
        try:
            super().train()
        finally:
            self.training_config = asked

    def measure(self, *args: object, **kwargs: object) -> None:
        """Decode the test set greedily, and leave `result.json`. Raises `UserError` as `train`."""
        self._reject_stage_args("measure", args, kwargs)
        config = self.training_config
        check_callback(config)
        with _alone(Path(config.exp_dir)):
            check_same(config, Path(config.exp_dir))
            need_made(config)
            from parp_espnet.espnet3.measure import measure  # noqa: PLC0415

            measure(config)


def _alone(directory: Path) -> AbstractContextManager[None]:
    """Keep other processes out of a directory; where one training has several, the first one does.

    Raises `UserError` where another process is there.
    """
    if int(os.environ.get("LOCAL_RANK", "0")):
        return nullcontext()
    return locked(directory / LOCK, wait=False)


def newest_checkpoint(directory: Path) -> Path | None:
    """Return the last checkpoint that espnet3 made of a whole epoch, where there is one.

    `last.ckpt` is none: it is a link, which a kill at the wrong moment leaves leading nowhere.
    """
    found: dict[int, Path] = {}
    for path in directory.glob("step*.ckpt"):
        match = SAVED.fullmatch(path.name)
        if match is not None:
            found[int(match[1])] = path
    return found[max(found)] if found else None
