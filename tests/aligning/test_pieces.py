"""Pieces of long recordings: what is said in each, and how sure they are."""

import numpy as np
import pytest

from parp_espnet.aligning.cuts import Limits
from parp_espnet.aligning.pieces import LEAST, Piece, cut_text
from parp_espnet.aligning.units import Unit
from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.hearing import Recording

LABELS = 12
SENTENCE = 25
"""Phones of each; a phone has 4 frames, and a pause 40."""


def units_of(tokens: list[int]) -> list[Unit]:
    return [Unit((str(token),), (token,)) for token in tokens]


def heard(sentences: list[list[int]]) -> Recording:
    """A recording of sentences with pauses between them, of which a model is sure."""
    frames: list[int] = []
    quiet: list[bool] = []
    for sentence in sentences:
        for token in sentence:
            frames += [0, token, 0, 0]
        quiet += [False] * (16 * len(sentence))
        frames += [0] * 40
        quiet += [True] * 160
    rows = np.full((len(frames), LABELS), 0.001)
    rows[np.arange(len(frames)), frames] = 1
    rows /= rows.sum(1, keepdims=True)
    labels = np.array(frames)
    seconds = len(frames) * 0.02
    spectra = np.zeros((len(quiet), 13), np.float32)
    return Recording(seconds, labels, np.log(rows).astype(np.float32), spectra, np.array(quiet))


def said(count: int) -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [rng.integers(1, LABELS, SENTENCE).tolist() for _ in range(count)]


def cut_sentences(sentences: list[list[int]], text: list[list[int]]) -> list[Piece]:
    flat = [token for sentence in text for token in sentence]
    return cut_text(heard(sentences), Grid(), units_of(flat), Limits(6.0))


def test_pieces_are_sentences():
    sentences = said(40)
    pieces = cut_sentences(sentences, sentences)
    assert [piece.first for piece in pieces[1:]] == [piece.last for piece in pieces[:-1]]
    assert (pieces[0].first, pieces[-1].last) == (0, 40 * SENTENCE)
    length = SENTENCE * 4 * 0.02 + 0.8
    for piece in pieces:
        assert piece.first % SENTENCE == 0
        assert piece.confidence > 0.9
        assert piece.end - piece.begin <= 6
        assert abs(piece.begin - piece.first // SENTENCE * length) < 0.8


@pytest.mark.parametrize("long", [False, True])
def test_a_damaged_text_is_unsure_there_and_nowhere_else(long: bool):
    """Also where it has a passage that nobody says, and where one is lacking."""
    count = 60 if long else 40
    sentences = said(count)
    text = [list(sentence) for sentence in sentences]
    text[10] = text[20]
    text[15] = [*text[15], *text[3]]
    del text[30]
    flat = [token for sentence in text for token in sentence]
    pieces = cut_text(heard(sentences), Grid(), units_of(flat), Limits(6.0))
    unsure = [piece for piece in pieces if piece.confidence < LEAST]
    seconds = sum(piece.end - piece.begin for piece in unsure)
    length = SENTENCE * 4 * 0.02 + 0.8
    assert 2 * length < seconds < 10 * length
    for piece in unsure:
        assert 8 * length < piece.begin < 33 * length
    assert pieces[-1].confidence > 0.9


def test_any_sound_is_heard_where_no_token_is_known():
    sentences = said(4)
    flat = [token for sentence in sentences for token in sentence]
    flat[30] = LABELS
    pieces = cut_text(heard(sentences), Grid(), units_of(flat), Limits(6.0))
    assert all(piece.confidence > 0.9 for piece in pieces)


def test_a_text_that_does_not_fit():
    with pytest.raises(ValueError, match="do not fit"):
        cut_text(heard(said(1)), Grid(), units_of([1, 2] * 100), Limits(6.0))
