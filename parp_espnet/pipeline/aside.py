"""What an experiment left before its data changed is put aside: the new one begins from nothing."""

from collections.abc import Collection
from pathlib import Path

EARLIER = "earlier"
"""Folder in an experiment's, of what it was before: 1, 2, …"""
KEPT = ("log", EARLIER)
CHECKPOINTS = "checkpoint*"
"""Serve to continue a training, which will never be."""


def set_aside(directory: Path, spared: Collection[str] = ()) -> Path | None:
    """Move what is in an experiment's directory into `earlier/N`; return that, or None for nothing.

    Hidden files, logs and what is `spared` stay, checkpoints go.
    """
    if not directory.is_dir():
        return None
    names = sorted(path.name for path in directory.iterdir())
    moved = [name for name in names if not name.startswith(".") and name not in KEPT and name not in spared]
    if not moved:
        return None
    for checkpoint in directory.glob(CHECKPOINTS):
        if checkpoint.is_file():
            checkpoint.unlink()
    number = 1
    while (directory / EARLIER / str(number)).exists():
        number += 1
    place = directory / EARLIER / str(number)
    place.mkdir(parents=True)
    for name in moved:
        # A checkpoint is gone, and a broken link is moved all the same.
        if (directory / name).exists() or (directory / name).is_symlink():
            (directory / name).rename(place / name)
    return place


def holds_training(directory: Path) -> bool:
    """Whether there are models or checkpoints in an experiment's directory."""
    patterns = ("*.pth", CHECKPOINTS, "model")
    return any(found for pattern in patterns for found in directory.glob(pattern))
