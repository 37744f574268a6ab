"""What a complete training has left that serves to continue it alone."""

import re
from collections.abc import Iterator
from pathlib import Path

from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.record import Record

RECORD = Path(".steps/train.json")
"""The record of the training, in an experiment's directory."""
CHECKPOINTS = ("checkpoint.pth", "checkpoint.prev.pth", "checkpoint.within.pth")

_EPOCH = re.compile(r"\d+epoch\.pth")


def remove_checkpoints(directory: Path, model: str = MODEL) -> int:
    """Remove checkpoints, and models of epochs but for the one that is `model`; return how many
    bytes these had.

    Links to what is removed go with it. Nothing goes where the record of the training does not say
    that it is complete, or its model is not there.
    """
    record = Record.read(directory / RECORD)
    if record is None or not record.complete or not (directory / model).is_file():
        return 0
    size = 0
    for path in list(_spent(directory, (directory / model).resolve())):
        size += path.stat().st_size
        path.unlink()
    for path in directory.glob("*.pth"):
        if path.is_symlink() and not path.exists():
            path.unlink()
    return size


def tidy(directory: Path, model: str | None = None) -> str | None:
    """Remove the same; return a line about it where anything was removed."""
    size = remove_checkpoints(directory, MODEL if model is None else model)
    if not size:
        return None
    return (
        f"{directory}: checkpoints of {size / 1e6:.1f} MB removed; --keep_checkpoints true keeps "
        f"them"
    )


def _spent(directory: Path, model: Path) -> Iterator[Path]:
    for path in sorted(directory.glob("*.pth")):
        is_epoch = _EPOCH.fullmatch(path.name) and path.resolve() != model
        if not path.is_symlink() and (is_epoch or path.name in CHECKPOINTS):
            yield path
