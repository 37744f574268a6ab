"""The recordings: each is decoded once, by one of several processes."""

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.corpora.check.folder import Part, Recording
from parp_espnet.corpora.check.ogg import is_cut
from parp_espnet.corpora.check.riff import frames_of_header
from parp_espnet.corpora.decoders import need_decoder
from parp_espnet.errors import describe
from parp_espnet.files import exists, is_file

FULL = 32767 / 32768
"""Full scale, of samples of 16 bits."""
FEW = 500
"""So many recordings are decoded sooner than processes are started."""

SLACK = 0.1
"""Seconds that a recording may be shorter than its header says: some telephones end it so, and nobody is cut off."""

_ENDLESS = 2**48  # frames; libsndfile has a greater number where a header has no length
_CHUNK = 50  # recordings that a process is given at a time


@dataclass(frozen=True)
class Sound:
    """What an utterance sounds like: its `frames` at the recording's rate, and a `digest` of its samples."""

    utterance: str
    frames: int
    bad: int
    """Samples that are NaN or infinite."""
    spread: float
    """Greatest less smallest sample, of a full scale of 1."""
    clipped: float
    """Part of the samples that is at full scale."""
    digest: bytes


@dataclass(frozen=True)
class Problem:
    """Why a recording could not be heard: a kind of fault."""

    kind: str
    expected: str
    found: str


@dataclass(frozen=True)
class Heard:
    """A recording as it was found: its rate, its channels, the frames that it has and those that its header promises,
    and its utterances or a problem."""

    recording: Recording
    rate: int = 0
    channels: int = 0
    frames: int = 0
    promised: int = 0
    sounds: tuple[Sound, ...] = ()
    problem: Problem | None = None


def hear_all(recordings: Sequence[Recording], jobs: int, label: str) -> list[Heard]:
    """Decode recordings in `jobs` processes, in their order, showing how far it is."""
    if jobs == 1 or len(recordings) <= FEW:
        return list(progress.track(map(hear, recordings), label, "recording", len(recordings)))
    # A process that is started anew imports for a second; a fork of one with threads may hang.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(jobs, context, _end_with_parent)
    try:
        # It lets Ctrl-C through when it starts, so it has to be there before.
        resource_tracker.ensure_running()
        with _without_interrupts():
            heard = pool.map(hear, recordings, chunksize=_CHUNK)
        return list(progress.track(heard, label, "recording", len(recordings)))
    finally:
        pool.shutdown(cancel_futures=True)


def hear(recording: Recording) -> Heard:
    """Decode a recording and look at the samples of each utterance in it.

    Raises `UserError` where there is no decoder for it: no recording is at fault.
    """
    path = Path(recording.path)
    need_decoder(path)
    if not is_file(path):
        nothing = "none" if path.is_absolute() else f"none, seen from {Path.cwd()}"
        return Heard(recording, problem=Problem("missing", "a file", "something else" if exists(path) else nothing))
    try:
        if path.stat().st_size == 0:
            return Heard(recording, problem=Problem("empty", "a recording", "0 bytes"))
        with soundfile.SoundFile(path) as file:
            return _hear(recording, file)
    except (OSError, soundfile.SoundFileError) as error:
        return Heard(recording, problem=Problem("undecodable", "what libsndfile decodes", _words(error, path)))


def _hear(recording: Recording, file: soundfile.SoundFile) -> Heard:
    rate, channels, frames = int(file.samplerate), int(file.channels), int(file.frames)
    if frames == 0:
        return Heard(recording, rate, channels, problem=Problem("empty", "samples", "a header and none"))
    if frames >= _ENDLESS:
        problem = Problem("undecodable", "a header with a length", "one without; write the recording again")
        return Heard(recording, rate, channels, problem=problem)
    if is_cut(Path(recording.path)):
        problem = Problem("truncated", "a page that ends the stream", f"none after {frames} frames")
        return Heard(recording, rate, channels, frames, frames, problem=problem)
    promised = max(frames, frames_of_header(Path(recording.path)) or 0)
    try:
        if promised > frames + SLACK * rate:
            raise soundfile.SoundFileError(f"it ends after {frames}")
        sounds = tuple(_sound(file, part) for part in recording.parts)
        return Heard(recording, rate, channels, frames, promised, sounds)
    except soundfile.SoundFileError as error:
        problem = Problem("truncated", f"{promised} frames, as its header says", f"fewer: {_words(error, file.name)}")
        return Heard(recording, rate, channels, frames, promised, problem=problem)


def _sound(file: soundfile.SoundFile, part: Part) -> Sound:
    """What is heard of an utterance. Raises `SoundFileError` where the recording ends before its header says."""
    begin = min(file.frames, round((part.begin or 0.0) * file.samplerate))
    end = file.frames if part.end is None else min(file.frames, round(part.end * file.samplerate))
    if file.tell() != begin:
        file.seek(begin)
    samples = file.read(end - begin, dtype="float32", always_2d=True)
    if len(samples) < end - begin:
        raise soundfile.SoundFileError(f"it ends after {begin + len(samples)}")
    return _measure(part.utterance, samples)


def _measure(utterance: str, samples: NDArray[np.float32]) -> Sound:
    """`samples` is (frames, channels)."""
    high, low = float(samples.max(initial=-1.0)), float(samples.min(initial=1.0))
    # The greatest and the smallest are not finite where any sample is not.
    bad = 0 if np.isfinite(high) and np.isfinite(low) else int((~np.isfinite(samples)).sum())
    clipped = float((np.abs(samples) >= FULL).mean()) if max(high, -low) >= FULL else 0.0
    digest = hashlib.sha256(np.ascontiguousarray(samples).data).digest()
    return Sound(utterance, len(samples), bad, high - low, clipped, digest)


def _words(error: Exception, path: Path | str) -> str:
    """What an error says, without its kind and the path, which stand beside it."""
    words = describe(error).partition(": ")[2]
    return words.removeprefix(f"Error opening {str(path)!r}: ").removeprefix("Error : ")


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Within, Ctrl-C waits until the end; for a process that is started meanwhile, and all that it starts, for ever."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """In a process of the pool: end when the process that started the pool does, however that ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
