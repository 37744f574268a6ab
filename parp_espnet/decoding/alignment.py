"""When tokens are: the likeliest path of CTC labels that spells them (Graves et al. 2006)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.prefix_search import BLANK


def align(logprobs: NDArray[np.floating], tokens: Sequence[int]) -> NDArray[np.int64]:
    """Return the likeliest path, (frames,), that collapses to `tokens`.

    Args:
        logprobs: natural logarithms, (frames, labels).
        tokens: what the path spells; at most as many as fit into the frames.

    Raises `ValueError` where no path does.
    """
    states = np.full(2 * len(tokens) + 1, BLANK)
    states[1::2] = tokens
    # A blank between two tokens may be left out unless they are the same.
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    scores = np.full(len(states), -np.inf)
    scores[0] = 0.0
    came = np.zeros((len(logprobs), len(states)), np.int8)
    for frame, row in enumerate(logprobs):
        one_back = np.concatenate([[-np.inf], scores[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], scores])[: len(states)], -np.inf)
        steps = np.stack([scores, one_back, two])
        came[frame] = steps.argmax(0)
        scores = steps.max(0) + row[states]
    last = len(states) - 1
    if len(states) > 1 and scores[last - 1] > scores[last]:
        last -= 1
    if len(logprobs) and not np.isfinite(scores[last]):
        raise ValueError(f"{len(tokens)} tokens do not fit into {len(logprobs)} frames")
    path = np.empty(len(logprobs), np.int64)
    for frame in range(len(logprobs) - 1, -1, -1):
        path[frame] = states[last]
        last -= int(came[frame, last])
    return path
