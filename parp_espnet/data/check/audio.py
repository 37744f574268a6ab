"""The recordings: each is decoded once, by one of several processes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.data.check.folder import Part, Recording
from parp_espnet.sound.channels import mono
from parp_espnet.sound.errors import SoundError, Trouble
from parp_espnet.sound.full_scale import full_scale
from parp_espnet.sound.rare_headers import UNTOLD
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.recording import Sound
from parp_espnet.sound.segments import frame_of
from parp_espnet.workers import process_pool, without_interrupts

FLOATS = ("FLOAT", "DOUBLE")
"""Subtypes whose samples may go beyond full scale."""
FEW = 500
"""So many recordings are decoded sooner than processes are started."""
_CHUNK = 50  # recordings that a process is given at a time


@dataclass(frozen=True)
class Sample:
    """What an utterance sounds like: its `frames` at the recording's rate, and a `digest` of its
    samples.
    """

    utterance: str
    frames: int
    bad: int
    """Samples that are NaN or infinite."""
    spread: float
    """Greatest less smallest sample, of a full scale of 1."""
    clipped: float
    """Part of the samples that is at full scale."""
    digest: bytes
    peak: float = 0.0
    """Greatest level, where samples are floating-point numbers, which may go beyond 1; otherwise 0.
    """


@dataclass(frozen=True)
class Problem:
    """Why a recording could not be heard: a kind of fault."""

    kind: str
    expected: str
    found: str


@dataclass(frozen=True)
class Heard:
    """A recording as it was found: its rate, its channels, the frames that it has and those that
    its header promises, and its utterances or a problem.
    """

    recording: Recording
    rate: int = 0
    channels: int = 0
    frames: int = 0
    promised: int = 0
    untold: str = ""
    """The kind of file, where it is one that does not say how long a recording is."""
    sounds: tuple[Sample, ...] = ()
    problem: Problem | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether it has several channels, and nothing says which of them some utterance is in."""
        return self.channels > 1 and any(part.channel is None for part in self.recording.parts)


def hear_all(recordings: Sequence[Recording], jobs: int, label: str) -> list[Heard]:
    """Decode recordings in `jobs` processes, in their order, showing how far it is."""
    if jobs == 1 or len(recordings) <= FEW:
        return list(progress.track(map(hear, recordings), label, "recording", len(recordings)))
    with process_pool(jobs, __name__) as pool:
        with without_interrupts():
            heard = pool.map(hear, recordings, chunksize=_CHUNK)
        return list(progress.track(heard, label, "recording", len(recordings)))


def hear(recording: Recording) -> Heard:
    """Decode a recording and look at the samples of each utterance in it."""
    try:
        with open_sound(recording.path) as sound:
            return _hear(recording, sound)
    except SoundError as error:
        return Heard(recording, problem=_problem(error))


def _hear(recording: Recording, sound: Sound) -> Heard:
    untold = sound.form if sound.form in UNTOLD else ""
    heard = Heard(recording, sound.rate, sound.channels, untold=untold)
    try:
        sound.need_whole()
        frames = sound.frames()
        heard = replace(heard, frames=frames, promised=max(frames, sound.promised or 0))
        return replace(heard, sounds=tuple(_sound(sound, part) for part in recording.parts))
    except SoundError as error:
        return replace(heard, problem=_problem(error))
    except ValueError as error:
        expected, _, found = str(error).removeprefix("expected ").partition(", found ")
        return replace(heard, problem=Problem("channel", expected, found))


def _problem(error: SoundError) -> Problem:
    # What is broken has a line of the check's own on what to do.
    broken = error.trouble in (Trouble.TRUNCATED, Trouble.EMPTY)
    found = f"{error.found}; {error.advice}" if error.advice and not broken else error.found
    return Problem(str(error.trouble), error.expected, found)


def _sound(sound: Sound, part: Part) -> Sample:
    """What is heard of an utterance. Raises `SoundError` where the recording ends before its header
    says.
    """
    samples = sound.read(frame_of(sound, part.begin) or 0, frame_of(sound, part.end))
    if part.channel is not None and sound.channels > 1:
        samples = mono(samples, part.channel)[:, None]
    return _measure(part.utterance, samples, sound.subtype)


def _measure(utterance: str, samples: NDArray[np.float32], subtype: str) -> Sample:
    """`samples` is (frames, channels)."""
    full = full_scale(subtype)
    high, low = float(samples.max(initial=-1.0)), float(samples.min(initial=1.0))
    # The greatest and the smallest are not finite where any sample is not.
    bad = 0 if np.isfinite(high) and np.isfinite(low) else int((~np.isfinite(samples)).sum())
    clipped = float((np.abs(samples) >= full).mean()) if max(high, -low) >= full else 0.0
    beyond = max(high, -low) if subtype in FLOATS and len(samples) else 0.0
    # What is trained on: several channels may cancel out.
    mixed = np.ascontiguousarray(mono(samples))
    if samples.shape[1] > 1:
        high, low = float(mixed.max(initial=-1.0)), float(mixed.min(initial=1.0))
    digest = hashlib.sha256(mixed.data).digest()
    return Sample(utterance, len(samples), bad, high - low, clipped, digest, beyond)
