"""Long recordings in pieces that end at pauses, made as the recording is decoded.

A model has been trained on utterances, and hears one of them best when it hears no other: where a
pause ends a piece, the piece is as an utterance is. Where a recording has no pause, two pieces
share some seconds of speech, whose frames `windows.join_rows` makes one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.windows import stretches

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """How recordings are divided that are longer than `longest`, all in seconds.

    Attributes:
        overlap: what two pieces share where no pause is between them.
        shortest: no piece but the last is shorter.
        pause: so long is a pause that ends a piece.
    """

    longest: float = 20.0
    overlap: float = 2.0
    shortest: float = 2.0
    pause: float = 0.3


USUAL = Windows()
SHARED = 0.08
"""Seconds that two pieces share where a pause is between them: some frames, for `join_rows`."""
QUIET = 0.25
"""A frame is quiet if its level, in decibels, is in this part of the way from the quietest to the
loudest frames around it.
"""
RANGE = 40.0
"""Decibels below the loudest frames that count: digital silence is no quieter than a quiet room."""
FLAT = 12.0
"""Decibels between the quietest and the loudest frames; where there are fewer, it is all one."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a recording.

    Attributes:
        begin: its first sample in the recording, a multiple of the model's stride.
        samples: at 16 kHz, (samples,).
        fresh: how many of them no piece before it has.
    """

    begin: int
    samples: Samples
    fresh: int


def make_pieces(blocks: Iterable[Samples], windows: Windows, grid: Grid) -> Iterator[Piece]:
    """Yield the pieces of a recording, which comes in blocks; one, where it is not long.

    No more than the longest piece and a block are in memory.

    Args:
        grid: where the frames of the model are.
    """
    stride = grid.stride
    # The last frames of a piece need what is behind it; some more are to be joined.
    shared = stride * max(_frames(SHARED, stride), grid.field // stride + 2)
    longest = _whole(windows.longest, stride)
    coming = iter(blocks)
    buffer = np.zeros(0, np.float32)
    begin = heard = 0
    is_long = has_ended = False
    while True:
        waiting = [buffer]
        size = len(buffer)
        while size <= longest and not has_ended:
            block = next(coming, None)
            if block is None:
                has_ended = True
            else:
                waiting.append(block)
                size += len(block)
        buffer = np.concatenate(waiting)
        is_long = is_long or len(buffer) > longest
        cut = _find_cut(buffer[:longest], windows, stride, shared) if is_long else None
        if cut is None and len(buffer) <= longest:
            if len(buffer):
                yield Piece(begin, buffer, begin + len(buffer) - heard)
            return
        both = shared
        if cut is None:
            both = max(shared, _whole(windows.overlap, stride))
            cut = _force_cut(buffer[:longest], stride, both)
        end = min(len(buffer), cut + both)
        yield Piece(begin, buffer[:end].copy(), begin + end - heard)
        heard = begin + end
        buffer = buffer[cut:]
        begin += cut


def _find_cut(samples: Samples, windows: Windows, stride: int, shared: int) -> int | None:
    """Return where the next piece begins, in the first pause; None where there is no pause."""
    quiet = _quiet(samples, stride)
    least = max(_frames(windows.pause, stride), shared // stride)
    first = _frames(min(windows.shortest, windows.longest / 3), stride)
    for begin, end in zip(*stretches(quiet), strict=True):
        middle = int(begin + end) // 2
        # A pause at the end of what is known may go on.
        if end - begin >= least and middle >= first and end < len(quiet):
            return middle * stride - shared // 2 // stride * stride
    return None


def _force_cut(samples: Samples, stride: int, shared: int) -> int:
    """The same where there is no pause: at the quietest moment of the latter half."""
    levels = _levels(samples, stride)
    width = max(1, _frames(0.1, stride))
    smooth = np.convolve(levels, np.ones(width) / width, mode="same")
    first = len(levels) // 2
    last = max(first + 1, len(levels) - shared // stride // 2)
    middle = first + int(np.argmin(smooth[first:last]))
    return max(stride, middle * stride - shared // 2 // stride * stride)


def _quiet(samples: Samples, stride: int) -> NDArray[np.bool_]:
    """Which frames are quiet, (frames,)."""
    levels = _levels(samples, stride)
    if len(levels) == 0:
        return np.zeros(0, bool)
    low, high = np.percentile(levels, [5, 95])
    low = max(low, high - RANGE)
    if high - low < FLAT:
        return np.zeros(len(levels), bool)
    quiet: NDArray[np.bool_] = levels <= low + QUIET * (high - low)
    return quiet


def _levels(samples: Samples, stride: int) -> NDArray[np.float64]:
    """Return the level of each whole frame, in decibels, (frames,)."""
    frames = samples[: len(samples) // stride * stride].reshape(-1, stride).astype(np.float64)
    # A constant offset is not heard.
    levels: NDArray[np.float64] = 10 * np.log10(frames.var(axis=1) + 1e-12)
    return levels


def _frames(seconds: float, stride: int) -> int:
    return round(seconds * RATE / stride)


def _whole(seconds: float, stride: int) -> int:
    """Samples of whole frames."""
    return _frames(seconds, stride) * stride
