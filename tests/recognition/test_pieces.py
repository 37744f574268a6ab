"""Pieces cover a recording, and end at its pauses."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.pieces import USUAL, Piece, Windows, make_pieces

RATE = 16000
STRIDE = Grid().stride


def blocks(samples: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]


def speech(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return 0.001 * speech(seconds, seed=1)


def divide(samples: NDArray[np.float32], windows: Windows = USUAL, size: int = 4096) -> list[Piece]:
    return list(make_pieces(blocks(samples, size), windows, Grid()))


@settings(deadline=None, max_examples=25)
@given(
    lengths=st.lists(st.integers(1, 90), min_size=1, max_size=12),
    size=st.sampled_from([1000, 4096, 100_000]),
    longest=st.sampled_from([4.0, 20.0]),
)
def test_pieces_cover_everything(lengths: list[int], size: int, longest: float) -> None:
    """Speech and pauses take turns, of so many tenths of a second."""
    parts = [
        speech(length / 10, seed=number) if number % 2 == 0 else silence(length / 10)
        for number, length in enumerate(lengths)
    ]
    samples = np.concatenate(parts)
    pieces = divide(samples, Windows(longest, 1.5), size)
    assert pieces[0].begin == 0
    assert sum(piece.fresh for piece in pieces) == len(samples)
    for piece in pieces:
        assert piece.begin % STRIDE == 0
        assert len(piece.samples) <= longest * RATE
        assert np.array_equal(piece.samples, samples[piece.begin :][: len(piece.samples)])
    for before, after in pairwise(pieces):
        # The last frame of a piece needs 400 samples, and two are to be joined.
        assert before.begin + len(before.samples) - after.begin >= 400 + STRIDE
        assert after.begin > before.begin
    last = pieces[-1]
    assert last.begin + len(last.samples) == len(samples)


def test_what_is_not_long_is_one() -> None:
    samples = np.concatenate([speech(9), silence(2), speech(9)])
    (piece,) = divide(samples)
    assert np.array_equal(piece.samples, samples)
    assert divide(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize("offset", [0.0, 0.2])
def test_pieces_end_within_pauses(offset: float) -> None:
    parts = []
    for number in range(12):
        parts += [speech(2.5 + number % 3, seed=number), silence(0.6)]
    samples = np.concatenate(parts) + np.float32(offset)
    pieces = divide(samples)
    assert len(pieces) == 12
    ends = np.cumsum([len(part) for part in parts])
    for before, after, begin, end in zip(pieces, pieces[1:], ends[::2], ends[1::2], strict=False):
        assert begin < after.begin < before.begin + len(before.samples) < end


def test_without_a_pause_pieces_share_some_speech() -> None:
    pieces = divide(speech(100))
    assert len(pieces) >= 5
    for before, after in pairwise(pieces):
        assert before.begin + len(before.samples) - after.begin == 2 * RATE


def test_the_size_of_blocks_makes_no_difference() -> None:
    samples = np.concatenate([speech(8), silence(0.5)] * 6)
    begins = [[piece.begin for piece in divide(samples, size=size)] for size in (512, 10**6)]
    assert begins[0] == begins[1]


def test_digital_silence_is_a_pause_and_so_is_a_quiet_room() -> None:
    zeros = np.zeros(RATE, np.float32)
    samples = np.concatenate([speech(5), zeros, speech(5), 20 * silence(1), speech(9), zeros])
    begins = [piece.begin / RATE for piece in divide(samples)]
    assert len(begins) == 3
    assert 5 < begins[1] < 6
    assert 11 < begins[2] < 12
