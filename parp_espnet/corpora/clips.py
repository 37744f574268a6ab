"""Recordings of a corpus that may be broken: each is decoded once, before it is counted on."""

from pathlib import Path

from parp_espnet.corpora.check.audio import hear
from parp_espnet.corpora.check.folder import Part, Recording
from parp_espnet.corpora.check.judge import RATE, SILENT, frames_needed, frames_of
from parp_espnet.corpora.rejects import UnusableError, Why
from parp_espnet.files import is_file


def seconds_of(path: Path, phones: tuple[str, ...]) -> float:
    """Return how long a recording is, having decoded it.

    Raises `UnusableError` where the check of stage 1 would stop at it: it is missing, damaged, cut off, silent, of
    several channels, or too short for its phones.
    """
    if not is_file(path):
        raise UnusableError(Why.MISSING, f"expected the recording {path}, found none")
    heard = hear(Recording(path.name, str(path), (Part(path.name),)))
    if (problem := heard.problem) is not None:
        raise UnusableError(Why.AUDIO, f"{problem.kind}: {path}: expected {problem.expected}, found {problem.found}")
    (sound,) = heard.sounds
    seconds = sound.frames / heard.rate
    needed, frames = frames_needed(phones), frames_of(seconds * RATE)
    faults = {
        f"channels: expected 1, found {heard.channels}": heard.channels != 1,
        f"nan: expected finite samples, found {sound.bad} that are not": sound.bad > 0,
        f"silent: expected speech, found samples that differ by {sound.spread:.6f}": sound.spread < SILENT,
        f"ctc: expected {needed} frames of 20 ms or more, found {frames} in {seconds:.2f} s": needed > frames,
    }
    for fault, found in faults.items():
        if found:
            kind, _, rest = fault.partition(": ")
            raise UnusableError(Why.AUDIO, f"{kind}: {path}: {rest}")
    return seconds
