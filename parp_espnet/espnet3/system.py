"""espnet3's stages of a training with pruning: what is complete is skipped, what was interrupted
goes on.
"""

import logging
import re
from pathlib import Path
from typing import ClassVar

from espnet3.contract.stages import StageSpec  # type: ignore[import-untyped]
from espnet3.systems.base.system import BaseSystem  # type: ignore[import-untyped]
from omegaconf import OmegaConf

from parp_espnet.espnet3.settings import check_same
from parp_espnet.upstreams.starts import SUMMARY

SAVED = re.compile(r"step(\d+)\.ckpt")
"""Checkpoints that espnet3 makes at the end of each epoch."""


class PruningSystem(BaseSystem):  # type: ignore[misc]  # espnet3 is untyped
    """Speech, training, and the PER; the model is then an experiment like any other."""

    stages: ClassVar[tuple[StageSpec, ...]] = (
        StageSpec(name="create_dataset", config="training", log_dir="data_dir"),
        StageSpec(name="train", config="training", log_dir="exp_dir"),
        StageSpec(name="measure", config="training", log_dir="exp_dir"),
    )

    def train(self, *args: object, **kwargs: object) -> None:
        """Train, or continue from the last epoch that is whole.

        Raises `UserError` where what is there was made with other settings.
        """
        self._reject_stage_args("train", args, kwargs)
        directory = Path(self.training_config.exp_dir)
        checkpoint = newest_checkpoint(directory)
        is_complete = (directory / SUMMARY).is_file()
        if is_complete or checkpoint is not None:
            check_same(self.training_config, directory)
        if is_complete:
            logging.info(f"{directory}: complete; skipped")
            return
        if checkpoint is not None:
            logging.info(f"{directory}: continues from {checkpoint.name}")
            OmegaConf.update(self.training_config, "fit.ckpt_path", str(checkpoint), force_add=True)
        super().train()

    def measure(self, *args: object, **kwargs: object) -> None:
        """Decode the test set greedily, and leave `result.json`. Raises `UserError` as `train`."""
        self._reject_stage_args("measure", args, kwargs)
        check_same(self.training_config, Path(self.training_config.exp_dir))
        from parp_espnet.espnet3.measure import measure  # noqa: PLC0415

        measure(self.training_config)


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
