"""A long recording and its text, to pieces that can be trained on, and how sure each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from parp_espnet.aligning.cuts import Limits, cut, find_borders
from parp_espnet.aligning.units import Unit
from parp_espnet.decoding.alignment import align
from parp_espnet.decoding.confidence import Span
from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.hearing import Recording
from parp_espnet.recognition.intervals import frames_between
from parp_espnet.recognition.labels import BLANK, spans

SHORT = 10_000_000
"""Frames times tokens of a recording whose paths are all looked at."""
BEAM = 4000.0
"""Natural logarithms by which a path may fall behind the best one of its frame: as much as some
hundred phones cost that nobody says. With 400, all that follows such a passage was misplaced.
"""
LEAST = 0.2
"""The confidence of a piece that is trained on. Of Spanish (cldr; a PER of .06 and of .13), pieces
with the right text had .4 or more and those with damaged ones .23 or less, but for one in sixty.
"""


@dataclass(frozen=True)
class Piece:
    """A part of a recording, in seconds, and which of the text's units it has: the first, and that
    after the last.

    Attributes:
        confidence: 1 where the model hears the text and nothing else; of the ratio of what the text
            gets to what the model finds likeliest, the root by the number of tokens.
    """

    first: int
    last: int
    begin: float
    end: float
    confidence: float


def cut_text(
    recording: Recording, grid: Grid, units: Sequence[Unit], limits: Limits
) -> list[Piece]:
    """Return the pieces of a recording, in order; together they have all units.

    Memory is that of the recording's log-probabilities, and grows with nothing else.

    Raises `ValueError` where the text does not fit into it.
    """
    tokens = [token for unit in units for token in unit.tokens]
    rows = recording.logprobs
    labels = rows.shape[1]
    if max(tokens) >= labels:
        rows = _with_any(rows)
    frames = len(rows)
    is_short = frames * len(tokens) < SHORT
    path = align(rows, tokens, None if is_short else BEAM)
    found = [Span(*span) for span in spans(path.tolist())]
    words = _by_unit(found, units)
    heard = rows[np.arange(frames), path].astype(np.float64)
    losses = np.maximum(0.0, recording.logprobs.max(1) - heard)
    lost = np.concatenate([[0.0], np.cumsum(losses)])
    sure = np.array([_mean_peak(rows, spans_of) for spans_of in words])
    borders = find_borders(words, sure, recording.quiet, grid, recording.seconds)
    counts = [0, *accumulate(len(unit.tokens) for unit in units)]
    pieces: list[Piece] = []
    for part in cut(borders, limits):
        first, last = frames_between(grid, recording, part.begin, part.end)
        loss = lost[last] - lost[min(first, last)]
        confidence = float(np.exp(-loss / (counts[part.last] - counts[part.first])))
        pieces.append(Piece(part.first, part.last, part.begin, part.end, confidence))
    return pieces


def _with_any(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """A label more, which is any sound: all but the blank."""
    blank = np.minimum(rows[:, BLANK], -1e-6)
    return np.column_stack([rows, np.log(-np.expm1(blank))]).astype(np.float32)


def _by_unit(found: Sequence[Span], units: Sequence[Unit]) -> list[Sequence[Span]]:
    """Where each unit is, without what is between words."""
    words: list[Sequence[Span]] = []
    at = 0
    for unit in units:
        words.append(found[at : at + len(unit.tokens) - unit.unsaid])
        at += len(unit.tokens)
    return words


def _mean_peak(rows: NDArray[np.float32], found: Sequence[Span]) -> float:
    """How probable tokens are where each is likeliest, on the average."""
    total = 0.0
    for span in found:
        total += float(np.exp(rows[span.begin : span.end, span.token].max()))
    return total / len(found)
