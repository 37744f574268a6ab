"""Where a long recording whose text is known is cut: at pauses, where the model is sure of both
sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.confidence import Span
from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.spectra import STEP, spectrum_in
from parp_espnet.recognition.windows import stretches

type Floats = NDArray[np.float64]

PAUSE = 0.4
"""Seconds of quiet that are as good a pause as any longer one."""
BLANK_SHARE = 0.25
"""What a second counts in which the model hears nothing, and it is not quiet."""
MARGIN = 0.3
"""Seconds that a piece keeps of a longer pause, at either end."""
SURE = 0.5
"""So probable are words on the average, whose border may be trusted."""
TOO_LONG = 100.0
"""What a piece over the limit costs: it is made where there is no other way."""


@dataclass(frozen=True)
class Limits:
    """Seconds of a piece: none is longer than `longest`; those between `least` and `most` (3 and 15
    of 20) are as good as each other.
    """

    longest: float = 20.0

    @property
    def least(self) -> float:
        """What is shorter costs something."""
        return 0.15 * self.longest

    @property
    def most(self) -> float:
        """What is longer does."""
        return 0.75 * self.longest


@dataclass(frozen=True)
class Cut:
    """A piece of a recording: which of its words (the first, and that after the last), and when, in
    seconds.
    """

    first: int
    last: int
    begin: float
    end: float


@dataclass(frozen=True)
class Borders:
    """What may be cut between words, (words + 1,) each; the first and the last are the recording's
    own ends.

    Attributes:
        ends: when what is before one ends, with some of the pause.
        begins: when what follows begins, with some of the pause.
        costs: of a cut there; 0 in a pause, where the model is sure.
    """

    ends: Floats
    begins: Floats
    costs: Floats


def find_borders(
    words: Sequence[Sequence[Span]],
    sure: Floats,
    quiet: NDArray[np.bool_],
    grid: Grid,
    seconds: float,
) -> Borders:
    """Return what lies between the words of a recording.

    Args:
        words: where the tokens of each are; none is without.
        sure: the probability that the model gives each word where it is likeliest, (words,).
        quiet: which spectra of the recording are (see `Spectra.quiet`).
        seconds: how long it is.
    """
    begins = np.array([grid.begin(spans[0].begin) for spans in words])
    ends = np.array([grid.begin(spans[-1].end) for spans in words])
    places, pauses = _pauses(words, quiet, grid)
    cuts = np.concatenate([[0.0], places, [seconds]])
    costs = np.zeros(len(words) + 1)
    # Of the cut before word i, and of that behind it.
    doubts = np.maximum(0.0, 1 - (sure[:-1] + sure[1:]) / 2 / SURE)
    costs[1:-1] = np.maximum(0.0, 1 - pauses / PAUSE) + doubts
    first = np.concatenate([np.maximum(cuts[:-1], begins - MARGIN), [seconds]])
    last = np.concatenate([[0.0], np.minimum(cuts[1:], ends + MARGIN)])
    return Borders(last, first, costs)


def _pauses(
    words: Sequence[Sequence[Span]], quiet: NDArray[np.bool_], grid: Grid
) -> tuple[Floats, Floats]:
    """The middle of the longest quiet between each word and the next, in seconds, and how good a
    pause it is; where there is none, the middle of what is between them.
    """
    begins, ends = stretches(quiet)
    places = np.empty(len(words) - 1)
    pauses = np.empty(len(words) - 1)
    for number in range(len(words) - 1):
        left, right = words[number][-1], words[number + 1][0]
        start = spectrum_in(grid, left.end - 1)
        stop = max(start + 1, spectrum_in(grid, right.begin))
        low = int(np.searchsorted(ends, start, side="right"))
        high = int(np.searchsorted(begins, stop, side="left"))
        best = (start, start)
        for begin, end in zip(begins[low:high].tolist(), ends[low:high].tolist(), strict=True):
            clipped = max(begin, start), min(end, stop)
            if clipped[1] - clipped[0] > best[1] - best[0]:
                best = clipped
        length = best[1] - best[0]
        middle = sum(best) / 2 if length else (start + stop) / 2
        places[number] = middle * STEP / RATE
        blank = (right.begin - left.end) * grid.stride / RATE
        pauses[number] = max(length * STEP / RATE, BLANK_SHARE * blank)
    return places, pauses


def cut(borders: Borders, limits: Limits) -> list[Cut]:
    """Return the pieces of the least cost, in order; together they have all words.

    One is longer than the limit only where the words around every cut are that far apart.
    """
    count = len(borders.costs) - 1
    total = np.zeros(count + 1)
    came = np.zeros(count + 1, np.int64)
    for last in range(1, count + 1):
        end = borders.ends[last]
        low = int(np.searchsorted(borders.begins[:last], end - limits.longest))
        if low == last:
            # No piece that ends here is short enough, not even one word.
            came[last] = last - 1
            total[last] = total[last - 1] + TOO_LONG
            continue
        lengths = end - borders.begins[low:last]
        costs = total[low:last] + _cost_of(lengths, limits)
        # Of two that are as good, the shorter: what is wrong in one is then less.
        best = len(costs) - 1 - int(costs[::-1].argmin())
        came[last] = low + best
        total[last] = costs[best] + borders.costs[last]
    pieces: list[Cut] = []
    last = count
    while last > 0:
        first = int(came[last])
        begin, end = float(borders.begins[first]), float(borders.ends[last])
        pieces.append(Cut(first, last, begin, end))
        last = first
    return pieces[::-1]


def _cost_of(lengths: Floats, limits: Limits) -> Floats:
    """What pieces of these lengths cost: nothing in the middle, up to 1 at either end."""
    short = (limits.least - lengths) / limits.least
    long = (lengths - limits.most) / (limits.longest - limits.most)
    costs: Floats = np.maximum(0.0, np.maximum(short, long))
    return costs
