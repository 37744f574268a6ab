"""What an experiment left before its data changed is put aside: the new one begins from nothing."""

from collections.abc import Collection
from pathlib import Path

EARLIER = "earlier"
"""Folder in an experiment's, of what it was before: 1, 2, …"""
KEPT = ("log", EARLIER)
CHECKPOINTS = "checkpoint*"
"""Serve to continue a training, which will never be."""


def set_aside(directory: Path, spared: Collection[str] = (), model: Path | None = None) -> Path | None:
    """Move what is in an experiment's directory into `earlier/N`; return that, or None for nothing.

    Hidden files, logs and what is `spared` stay. Checkpoints and models of epochs go, but for the one
    that is `model`.
    """
    if not directory.is_dir():
        return None
    moved = [path for path in sorted(directory.iterdir()) if _is_moved(path.name, spared)]
    if not moved:
        return None
    number = 1
    while (directory / EARLIER / str(number)).exists():
        number += 1
    place = directory / EARLIER / str(number)
    place.mkdir(parents=True)
    kept = None if model is None else model.resolve()
    for path in moved:
        if _is_large(path, kept):
            path.unlink()
        else:
            path.rename(place / path.name)
    return place


def _is_moved(name: str, spared: Collection[str]) -> bool:
    return not name.startswith(".") and name not in KEPT and name not in spared


def _is_large(path: Path, kept: Path | None) -> bool:
    """Whether a file, or a link, is a checkpoint or a model that will not be needed."""
    if path.match(CHECKPOINTS):
        return not path.is_dir()
    return path.suffix == ".pth" and kept is not None and path.resolve() != kept


def holds_training(directory: Path) -> bool:
    """Whether there are models or checkpoints in an experiment's directory."""
    patterns = ("*.pth", CHECKPOINTS, "model")
    return any(found for pattern in patterns for found in directory.glob(pattern))
