"""Recordings of any kind: found in directories, decoded block by block, mixed down and
resampled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.files import is_file
from parp_espnet.recognition.below import files_below
from parp_espnet.sound.channels import mono
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.recording import Sound
from parp_espnet.sound.stream import BLOCK
from parp_espnet.sound.suffixes import DECODED, SUFFIXES

RATE = 16000


@dataclass(frozen=True)
class Source:
    """A recording: its `path`, and `name`, where it is below the directory that was given (or its
    own name).
    """

    path: Path
    name: Path
    excerpt: "Excerpt | None" = None
    """The part of it that is meant; None for the whole."""


@dataclass(frozen=True)
class Excerpt:
    """A part of what a value of wav.scp means, between two times in seconds, of one channel (0 is
    the first); None are its own beginning and end, and all channels.
    """

    recording: str
    begin: float | None = None
    end: float | None = None
    channel: int | None = None


@dataclass(frozen=True)
class Failure:
    """What could not be recognised, and why, in one line."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def find(inputs: Sequence[Path]) -> list[Source | Failure]:
    """Return the recordings of files and directories, those of a directory in order of
    their names, and what of one cannot be read.
    """
    sources: list[Source | Failure] = []
    for path in inputs:
        if not path.is_dir():
            sources.append(Source(path, Path(path.name)))
            continue
        below = list(_recordings_in(path))
        sources += below or [
            Failure(path, f"expected audio files in it, found none ({' '.join(DECODED)})")
        ]
    return sources


def _recordings_in(folder: Path) -> Iterator[Source | Failure]:
    for found in files_below(folder):
        if isinstance(found, OSError):
            yield Failure(Path(str(found.filename)), f"cannot be read ({found.strerror})")
        elif _is_recording(found):
            yield Source(found, found.relative_to(folder))


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and is_file(file)


def read(path: Path) -> NDArray[np.float32]:
    """Return a recording, (samples,) at 16 kHz, channels averaged; errors are those of
    `read_blocks`.
    """
    return np.concatenate(list(read_blocks(path)))


def read_blocks(path: Path, excerpt: Excerpt | None = None) -> Iterator[NDArray[np.float32]]:
    """Yield a recording, or a part of it, in blocks, each (samples,) at 16 kHz, channels averaged.

    Raises `UserError`: it is missing, empty, damaged, of an unknown kind, lacks the channel, or
    holds what are no numbers.
    """
    count = 0
    with open_sound(path if excerpt is None else excerpt.recording) as sound:
        sound.need_whole()
        for block in _resampled(sound, excerpt or Excerpt(str(path))):
            if not np.isfinite(block).all():
                raise UserError(
                    f"{path}: expected samples that are numbers, found NaN or infinite ones"
                )
            count += len(block)
            yield block
    if count == 0:
        raise UserError(f"{path}: expected a recording, found a header without samples")


def _resampled(sound: Sound, excerpt: Excerpt) -> Iterator[NDArray[np.float32]]:
    """Decode by blocks: of an hour in stereo at 48 kHz no more is in memory than what is made of
    it.
    """
    stream = (
        None if sound.rate == RATE else soxr.ResampleStream(sound.rate, RATE, 1, dtype="float32")
    )
    for block in _blocks(sound, excerpt):
        try:
            samples = np.ascontiguousarray(mono(block, excerpt.channel))
        except ValueError as error:
            raise UserError(f"{excerpt.recording}: {error}") from None
        yield samples if stream is None else stream.resample_chunk(samples)
    if stream is not None:
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _blocks(sound: Sound, excerpt: Excerpt) -> Iterator[NDArray[np.float32]]:
    """Decode a part, each block (frames, channels); what lies behind the end is not there."""
    if excerpt.begin is None and excerpt.end is None:
        yield from sound.blocks()
        return
    at = round((excerpt.begin or 0.0) * sound.rate)
    end = sound.frames()
    if excerpt.end is not None:
        end = min(end, round(excerpt.end * sound.rate))
    while at < end:
        block = sound.read(at, min(end, at + BLOCK))
        yield block
        at += len(block)
