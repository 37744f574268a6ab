"""One channel of a recording that has several: the one that the data says, or else
their average.
"""

from collections.abc import Mapping, Set

import numpy as np
from numpy.typing import NDArray


def mono(samples: NDArray[np.float32], channel: int | None = None) -> NDArray[np.float32]:
    """Return a channel (0 is the first) of (frames, channels), or their average, (frames,).

    A recording of one channel has it whatever is asked for: its channel was taken out of it before.

    Raises `ValueError` where there are several, and not that one.
    """
    if samples.shape[1] == 1:
        return samples[:, 0]
    if channel is None:
        return np.asarray(samples.mean(axis=1, dtype=np.float32), np.float32)
    if channel >= samples.shape[1]:
        raise ValueError(f"expected channel {channel + 1}, found {samples.shape[1]} channels")
    return samples[:, channel]


def numbers_of(words: Set[str]) -> Mapping[str, int]:
    """Return the channel (0 is the first) that each word of a file means: a letter in upper case,
    or a number.
    """
    # Kaldi counts from 1 here; where a 0 stands in the file, somebody has counted from 0.
    first = 0 if "0" in words else 1
    return {word: _number(word, first) for word in words}


def is_channel(word: str) -> bool:
    """Whether a word may be a channel: A, B, … or a number."""
    return word.isascii() and (word.isdigit() or (len(word) == 1 and word.isalpha()))


def _number(word: str, first: int) -> int:
    return int(word) - first if word.isdigit() else ord(word) - ord("A")
