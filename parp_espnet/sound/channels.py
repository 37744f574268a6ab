"""One channel of a recording that has several: the one that the data says, or else
their average.
"""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.files import text_of

FILE = "reco2file_and_channel"
"""Kaldi's file of lines `<recording> <file> <channel>`; a channel is A, B, … or 1, 2, …"""


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


def read_channels(folder: Path) -> Mapping[str, int]:
    """Return the channel (0 is the first) of each recording that the `reco2file_and_channel` of a
    directory names.

    Raises `UserError` naming the line that is none of Kaldi's.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    words: dict[str, str] = {}
    lines = text_of(path).splitlines()
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 3 or not is_channel(fields[2]):
            expected = "'<recording> <file> <channel>', a channel being A, B, … or 1, 2, …"
            raise UserError(f"{path}:{number}: expected {expected}, found {line.strip()!r}")
        words[fields[0]] = fields[2].upper()
    numbers = numbers_of(set(words.values()))
    return {recording: numbers[word] for recording, word in words.items()}


def numbers_of(words: Set[str]) -> Mapping[str, int]:
    """Return the channel (0 is the first) that each word of a file means: a letter in upper case,
    or a number.
    """
    # Kaldi counts from 1 here; where a 0 stands in the file, somebody has counted from 0.
    first = 0 if "0" in words else 1
    return {word: _number(word, first) for word in words}


def channel_of_segment(fields: Sequence[str], otherwise: int | None) -> int | None:
    """Return the channel that a line of `segments` names in a field of its own, as Kaldi's
    extract-segments has it (0 is the first), or else `otherwise`.

    Raises `ValueError` for what is none.
    """
    if not fields:
        return otherwise
    (word,) = fields
    if not word.isascii() or not word.isdigit():
        raise ValueError(f"expected a channel, 0 or more, found {word!r}")
    return int(word)


def is_channel(word: str) -> bool:
    """Whether a word may be a channel: A, B, … or a number."""
    return word.isascii() and (word.isdigit() or (len(word) == 1 and word.isalpha()))


def _number(word: str, first: int) -> int:
    return int(word) - first if word.isdigit() else ord(word) - ord("A")
