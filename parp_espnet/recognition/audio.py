"""Recordings of any kind: found in directories, decoded block by block, mixed down and resampled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from parp_espnet.errors import UserError, describe

RATE = 16000
_DECODED = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au", ".caf", ".w64", ".rf64", ".sph")
_NOT_DECODED = (".m4a", ".aac", ".wma", ".amr")  # whoever has such files is told, rather than left to wonder
SUFFIXES = _DECODED + _NOT_DECODED
"""What a file in a directory has to end with."""

_BLOCK = 2**20  # frames decoded at a time


@dataclass(frozen=True)
class Source:
    """A recording: its `path`, and `name`, where it is below the directory that was given (or its own name)."""

    path: Path
    name: Path


@dataclass(frozen=True)
class Failure:
    """What could not be recognised, and why, in one line."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def find(inputs: Sequence[Path]) -> list[Source | Failure]:
    """Return the recordings of files and directories, those of a directory in order of their names."""
    found: list[Source | Failure] = []
    for path in inputs:
        if not path.is_dir():
            found.append(Source(path, Path(path.name)))
            continue
        below = [Source(file, file.relative_to(path)) for file in sorted(path.rglob("*")) if _is_recording(file)]
        found += below or [Failure(path, f"expected audio files in it, found none ({' '.join(_DECODED)})")]
    return found


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def seconds_of(path: Path) -> float:
    """Return how long a recording is by its header, in seconds; 0 where it has none, or no true one."""
    try:
        info = soundfile.info(path)
    except (OSError, TypeError, soundfile.SoundFileError):
        return 0.0
    return float(info.duration) if info.frames < 2**48 else 0.0


def read(path: Path) -> NDArray[np.float32]:
    """Return a recording, (samples,) at 16 kHz, channels averaged.

    Raises `UserError`: it is missing, empty, damaged, of an unknown kind, or holds what are no numbers.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: expected a recording, found an empty file")
    try:
        with soundfile.SoundFile(path) as file:
            samples = np.concatenate([np.zeros(0, np.float32), *_resampled(file)])
    # A TypeError: soundfile would have the rate of raw samples.
    except (OSError, TypeError, soundfile.SoundFileError) as error:
        raise UserError(f"{path}: {_why(path, error)}") from None
    if len(samples) == 0:
        raise UserError(f"{path}: expected a recording, found a header without samples")
    if not np.isfinite(samples).all():
        raise UserError(f"{path}: expected samples that are numbers, found NaN or infinite ones")
    return samples


def _resampled(file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """Decode by blocks: of an hour in stereo at 48 kHz no more is in memory than what is made of it."""
    stream = None if file.samplerate == RATE else soxr.ResampleStream(file.samplerate, RATE, 1, dtype="float32")
    last = False
    while not last:
        block = file.read(_BLOCK, dtype="float32", always_2d=True)
        last = len(block) < _BLOCK
        mono = block.mean(axis=1, dtype=np.float32) if file.channels > 1 else block[:, 0]
        yield mono if stream is None else stream.resample_chunk(np.ascontiguousarray(mono), last=last)


def _why(path: Path, error: Exception) -> str:
    kind = path.suffix.lower().lstrip(".")
    if kind == "mp3" and "MP3" not in soundfile.available_formats():
        version = soundfile.__libsndfile_version__
        return f"libsndfile {version} has no decoder for mp3; install a newer soundfile, or convert it to wav or flac"
    said = describe(error).partition(": ")[2].removeprefix(f"Error opening {str(path)!r}: ").rstrip(".")
    return f"no audio that libsndfile can decode ({said}); if it is some, convert it to wav or flac"
