"""What an experiment left before its data changed is put aside: the new one begins from nothing.

Of all that is aside only the newest keeps its model: corrections would fill a disk otherwise.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

EARLIER = "earlier"
"""Folder in an experiment's, of what it was before: 1, 2, …"""
KEPT = ("log", EARLIER)
CHECKPOINTS = "checkpoint*"
"""Serve to continue a training, which will never be."""
BULK = ("*.pth", "model/*.safetensors", "decode_*/*/logprobs.safetensors")
"""What is large of an experiment, and tells nothing of its result."""


def set_aside(
    directory: Path, spared: Collection[str] = (), model: Path | None = None
) -> Path | None:
    """Move what is in an experiment's directory into `earlier/N`; return that, or None for nothing.

    Hidden files, logs and what is `spared` stay. Checkpoints and models of epochs go, but for the
    one that is `model`.
    """
    if not directory.is_dir():
        return None
    moved = [path for path in sorted(directory.iterdir()) if _is_moved(path.name, spared)]
    if not moved:
        return None
    place = directory / EARLIER / str(max(_numbers(directory), default=0) + 1)
    place.mkdir(parents=True)
    kept = None if model is None else model.resolve()
    for path in moved:
        if _is_large(path, kept):
            path.unlink()
        else:
            path.rename(place / path.name)
    return place


def thin_out(directory: Path) -> int:
    """Remove models and scores of every frame from all that is aside but the newest with a model.

    What tells of a result stays: the result itself, its options, mask, scores and texts. Return how
    many bytes were removed.
    """
    places = [directory / EARLIER / str(number) for number in sorted(_numbers(directory))]
    with_model = [place for place in places if holds_training(place)]
    size = 0
    for place in with_model[:-1]:
        for path in list(_bulk_of(place)):
            size += 0 if path.is_symlink() else path.stat().st_size
            path.unlink()
    return size


def holds_training(directory: Path) -> bool:
    """Whether there are models or checkpoints in an experiment's directory."""
    patterns = ("*.pth", CHECKPOINTS, "model")
    return any(any(directory.glob(pattern)) for pattern in patterns)


def _numbers(directory: Path) -> Iterator[int]:
    """Of the folders of what is aside; one with a name of the user's is nobody's business."""
    for path in (directory / EARLIER).glob("*"):
        if path.is_dir() and path.name.isascii() and path.name.isdecimal():
            yield int(path.name)


def _bulk_of(place: Path) -> Iterator[Path]:
    for pattern in BULK:
        for path in sorted(place.glob(pattern)):
            if path.is_symlink() or path.is_file():
                yield path


def _is_moved(name: str, spared: Collection[str]) -> bool:
    return not name.startswith(".") and name not in KEPT and name not in spared


def _is_large(path: Path, kept: Path | None) -> bool:
    """Whether a file, or a link, is a checkpoint or a model that will not be needed."""
    if path.match(CHECKPOINTS):
        return not path.is_dir()
    return path.suffix == ".pth" and kept is not None and path.resolve() != kept
