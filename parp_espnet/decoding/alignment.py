"""When tokens are: the likeliest path of CTC labels that spells them (Graves et al. 2006)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.prefix_search import BLANK

EXACT = 20_000_000
"""Frames times states; a longer path is found within a beam, in memory and time that grow with the
frames alone.
"""
BEAM = 400.0
"""Natural logarithms by which a state of a long path may fall behind the best one of its frame."""


def align(
    logprobs: NDArray[np.floating], tokens: Sequence[int], beam: float | None = None
) -> NDArray[np.int64]:
    """Return the likeliest path, (frames,), that collapses to `tokens`.

    Args:
        logprobs: natural logarithms, (frames, labels).
        tokens: what the path spells; at most as many as fit into the frames.
        beam: how far a state may fall behind the best one; None is what suits the length.

    Raises `ValueError` where no path does.
    """
    states = np.full(2 * len(tokens) + 1, BLANK)
    states[1::2] = tokens
    # A blank between two tokens may be left out unless they are the same.
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    frames = len(logprobs)
    if beam is None:
        beam = np.inf if frames * len(states) <= EXACT else BEAM
    lowest = _lowest_states(skips, frames)
    # Two places in front of the first state, from which nothing comes; before the first frame it is
    # as if a blank had been heard.
    scores = np.full(len(states) + 2, -np.inf)
    scores[2] = 0.0
    begin, end = 0, 1
    begins: list[int] = []
    came: list[NDArray[np.int8]] = []
    for frame, row in enumerate(logprobs):
        low = max(begin, int(lowest[frame]))
        high = min(len(states), end + 2)
        two_back = np.where(skips[low:high], scores[low:high], -np.inf)
        steps = np.stack([scores[low + 2 : high + 2], scores[low + 1 : high + 1], two_back])
        begins.append(low)
        came.append(steps.argmax(0).astype(np.int8))
        now = steps.max(0) + row[states[low:high]]
        best = now.max(initial=-np.inf)
        if best == -np.inf:
            raise ValueError(f"{len(tokens)} tokens do not fit into {frames} frames")
        kept = np.flatnonzero(now >= best - beam)
        scores[begin + 2 : low + 2] = -np.inf
        begin, end = low + int(kept[0]), low + int(kept[-1]) + 1
        scores[low + 2 : high + 2] = -np.inf
        scores[begin + 2 : end + 2] = now[begin - low : end - low]
    last = len(states) - 1
    if len(states) > 1 and scores[last + 1] > scores[last + 2]:
        last -= 1
    path = np.empty(frames, np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = states[last]
        last -= int(came[frame][last - begins[frame]])
    return path


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
