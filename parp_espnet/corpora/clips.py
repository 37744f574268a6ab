"""Recordings of a corpus that may be broken: each is decoded once, before it is counted on."""

from pathlib import Path

from parp_espnet.corpora.rejects import UnusableError, Why
from parp_espnet.data.check.audio import hear
from parp_espnet.data.check.folder import Part, Recording
from parp_espnet.data.check.judge import RATE, UNSCALED, frames_needed, frames_of
from parp_espnet.errors import UserError
from parp_espnet.sound.errors import Trouble, is_windows_path
from parp_espnet.sound.silence import SILENT

WHY = {
    "missing": Why.MISSING,
    "empty": Why.EMPTY,
    "undecodable": Why.DECODER,
    "channel": Why.ROW,
}
"""Why what the check finds makes a recording unusable, where it is another reason than that it is
damaged.
"""


def seconds_of(path: Path, phones: tuple[str, ...], channel: int | None = None) -> float:
    """Return how long a recording is, having decoded it; of several channels, `channel` (0 is the
    first) or all.

    Raises `UnusableError` where the check of stage 1 would stop at it: it is missing, damaged, cut
    off, silent, or too short for its phones. Raises `UserError` where what decodes it is not there:
    no recording is at fault.
    """
    heard = hear(Recording(path.name, str(path), (Part(path.name, channel=channel),)))
    problem = heard.problem
    if problem is not None:
        words = f"{problem.kind}: {path}: expected {problem.expected}, found {problem.found}"
        if problem.kind == Trouble.MISSING:
            words = f"expected the recording {path}, found {problem.found}"
        if problem.kind == Trouble.DECODER:
            raise UserError(words.removeprefix("decoder: "))
        lost = problem.kind == Trouble.MISSING and is_windows_path(str(path))
        raise UnusableError(Why.PATH if lost else WHY.get(problem.kind, Why.AUDIO), words)
    (sound,) = heard.sounds
    seconds = sound.frames / heard.rate
    needed, frames = frames_needed(phones), frames_of(seconds * RATE)
    faults = [
        (
            Why.SILENT,
            f"nan: expected finite samples, found {sound.bad} that are not",
            sound.bad > 0,
        ),
        (
            Why.SILENT,
            f"scale: expected samples in [-1, 1], found some of {sound.peak:.6g}",
            sound.peak >= UNSCALED,
        ),
        (
            Why.SILENT,
            f"silent: expected speech, found samples that differ by {sound.spread:.6f}",
            sound.spread < SILENT,
        ),
        (
            Why.SHORT,
            f"ctc: expected {needed} frames of 20 ms or more, found {frames} in {seconds:.2f} s",
            needed > frames,
        ),
    ]
    for why, words, is_so in faults:
        if is_so:
            kind, _, rest = words.partition(": ")
            raise UnusableError(why, f"{kind}: {path}: {rest}")
    return seconds
