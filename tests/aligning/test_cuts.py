"""Where recordings are cut: in pauses, where the model is sure, in pieces of the wanted length."""

import numpy as np

from parp_espnet.aligning.cuts import Borders, Limits, cut, find_borders
from parp_espnet.decoding.confidence import Span
from parp_espnet.recognition.grid import Grid

GRID = Grid()


def borders_of(words: int, seconds: float, costs: dict[int, float]) -> Borders:
    """Words that follow each other, each as long; a cut costs 2 unless it is said."""
    times = np.arange(words + 1) * seconds
    priced = np.full(words + 1, 2.0)
    for number, cost in costs.items():
        priced[number] = cost
    return Borders(times, times, priced)


def test_pieces_have_all_words_and_end_where_it_costs_least():
    pieces = cut(borders_of(100, 0.5, {20: 0.0, 44: 0.0, 60: 0.0, 90: 0.0}), Limits(20.0))
    assert [(piece.first, piece.last) for piece in pieces] == [
        (0, 20),
        (20, 44),
        (44, 60),
        (60, 90),
        (90, 100),
    ]
    assert all(piece.end - piece.begin <= 20 for piece in pieces)


def test_no_piece_is_too_long_where_it_can_be_cut():
    pieces = cut(borders_of(200, 0.5, {}), Limits(20.0))
    assert all(piece.end - piece.begin <= 20 for piece in pieces)
    assert [piece.first for piece in pieces[1:]] == [piece.last for piece in pieces[:-1]]
    assert pieces[-1].last == 200


def test_what_cannot_be_cut_is_a_piece_of_its_own():
    borders = borders_of(5, 4.0, {})
    borders.ends[2:] += 30.0
    borders.begins[2:] += 30.0
    pieces = cut(borders, Limits(20.0))
    long = [piece for piece in pieces if piece.end - piece.begin > 20]
    assert [(piece.first, piece.last) for piece in long] == [(1, 2)]


def test_a_cut_is_in_the_middle_of_the_quiet_and_long_ones_are_left_out():
    words = [[Span(1, 10, 12)], [Span(2, 100, 102)], [Span(3, 110, 112)]]
    quiet = np.zeros(600, bool)
    quiet[60:380] = True
    found = find_borders(words, np.ones(3), quiet, GRID, 3.0)
    # The quiet is from 0.3 to 1.9 s; a third of a second of it stays with the words.
    assert abs(found.ends[1] - (GRID.begin(12) + 0.3)) < 1e-6
    assert abs(found.begins[1] - (GRID.begin(100) - 0.3)) < 1e-6
    assert found.costs[1] == 0
    # No quiet, and a short blank.
    assert found.costs[2] > 0.8
    assert found.ends[2] == found.begins[2]
    unsure = find_borders(words, np.array([0.1, 0.1, 1.0]), quiet, GRID, 3.0)
    assert unsure.costs[1] > found.costs[1]
