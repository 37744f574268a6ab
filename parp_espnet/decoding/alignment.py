"""When tokens are: the likeliest path of CTC labels that spells them (Graves et al. 2006)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.prefix_search import BLANK

EXACT = 20_000_000
"""Frames times states; a longer path is found within a beam, in time that grows with the frames
alone.
"""
BEAM = 400.0
"""Natural logarithms by which a state of a long path may fall behind the best one of its frame."""
BLOCK = 512
"""Frames of a long path whose steps are in memory at a time. Of all others, what the first frame of
each block came from is; the steps are found again, from the last block to the first.
"""

type Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Front:
    """How far all paths are: the first state that is still possible, and the scores from there."""

    begin: int
    scores: Scores


@dataclass(frozen=True, eq=False)
class _Steps:
    """Of a frame, how many states back each state's best path was: 0, 1 or 2; `low` is the first
    of them.
    """

    low: int
    back: NDArray[np.int8]


def align(
    logprobs: NDArray[np.floating], tokens: Sequence[int], beam: float | None = None
) -> NDArray[np.int64]:
    """Return the likeliest path, (frames,), that collapses to `tokens`.

    Of a long one, memory grows with frames and tokens, and not with their product.

    Args:
        logprobs: natural logarithms, (frames, labels).
        tokens: what the path spells; at most as many as fit into the frames.
        beam: how far a state may fall behind the best one; None is what suits the length.

    Raises `ValueError` where no path does.
    """
    trellis = _Trellis(logprobs, tokens, beam)
    frames = len(logprobs)
    block = max(1, frames if trellis.is_small else BLOCK)
    front = _Front(0, np.zeros(1))
    fronts: list[_Front] = []
    steps: list[_Steps] = []
    for first in range(0, frames, block):
        fronts.append(front)
        front, steps = trellis.advance(front, first, min(frames, first + block))
    state = trellis.last_state(front)
    path = np.empty(frames, np.int64)
    for number in range(len(fronts) - 1, -1, -1):
        first = number * block
        last = min(frames, first + block)
        if last < frames:
            _, steps = trellis.advance(fronts[number], first, last)
        for frame in range(last - 1, first - 1, -1):
            path[frame] = trellis.states[state]
            step = steps[frame - first]
            state -= int(step.back[state - step.low])
    return path


class _Trellis:
    """All paths that spell some tokens: a state for each, and one for the blank around each."""

    def __init__(
        self, logprobs: NDArray[np.floating], tokens: Sequence[int], beam: float | None
    ) -> None:
        self._rows = logprobs
        self._tokens = len(tokens)
        self.states = np.full(2 * len(tokens) + 1, BLANK)
        self.states[1::2] = tokens
        # A blank between two tokens may be left out unless they are the same.
        self._skips = np.zeros(len(self.states), bool)
        self._skips[3::2] = self.states[3::2] != self.states[1:-2:2]
        self.is_small = len(logprobs) * len(self.states) <= EXACT
        if beam is None:
            beam = np.inf if self.is_small else BEAM
        self._beam = beam
        self._lowest = _lowest_states(self._skips, len(logprobs))
        # Two places in front of the first state, from which nothing comes.
        self._scores: Scores = np.full(len(self.states) + 2, -np.inf)

    def advance(self, front: _Front, first: int, last: int) -> tuple[_Front, list[_Steps]]:
        """Go through frames; return how far all paths are then, and by which steps.

        Raises `ValueError` where none goes on.
        """
        scores, states, skips = self._scores, self.states, self._skips
        scores[:] = -np.inf
        # Before the first frame it is as if a blank had been heard.
        begin, end = front.begin, front.begin + len(front.scores)
        scores[begin + 2 : end + 2] = front.scores
        steps: list[_Steps] = []
        for frame in range(first, last):
            low = max(begin, int(self._lowest[frame]))
            high = min(len(states), end + 2)
            two_back = np.where(skips[low:high], scores[low:high], -np.inf)
            came = np.stack([scores[low + 2 : high + 2], scores[low + 1 : high + 1], two_back])
            steps.append(_Steps(low, came.argmax(0).astype(np.int8)))
            now = came.max(0) + self._rows[frame][states[low:high]]
            best = now.max(initial=-np.inf)
            if best == -np.inf:
                raise ValueError(f"{self._tokens} tokens do not fit into {len(self._rows)} frames")
            kept = np.flatnonzero(now >= best - self._beam)
            scores[begin + 2 : low + 2] = -np.inf
            begin, end = low + int(kept[0]), low + int(kept[-1]) + 1
            scores[low + 2 : high + 2] = -np.inf
            scores[begin + 2 : end + 2] = now[begin - low : end - low]
        return _Front(begin, scores[begin + 2 : end + 2].copy()), steps

    def last_state(self, front: _Front) -> int:
        """The state that the best path ends in: the last token, or the blank behind it."""
        last = len(self.states) - 1
        scores = np.full(len(self.states), -np.inf)
        scores[front.begin : front.begin + len(front.scores)] = front.scores
        if len(scores) > 1 and scores[last - 1] > scores[last]:
            return last - 1
        return last


def _lowest_states(skips: NDArray[np.bool_], frames: int) -> NDArray[np.intp]:
    """The first state of each frame, (frames,), from which the last one can still be reached; the
    number of states where none can.
    """
    count = len(skips)
    left = np.zeros(count, np.int64)
    for state in range(count - 3, -1, -1):
        skipped = left[state + 2] if skips[state + 2] else frames
        left[state] = 1 + min(left[state + 1], skipped)
    return np.searchsorted(-left, -np.arange(frames - 1, -1, -1))
