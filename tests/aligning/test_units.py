"""Texts of data directories in a model's tokens, and what they may be cut between."""

import pytest

from parp_espnet.aligning.units import Reader
from parp_espnet.phones.spelled import holds_words

PHONES = ("<blank>", "<unk>", "a", "tʃ", "ã", "<sos/eos>")
LETTERS = ("<blank>", "<unk>", "<space>", "a", "b", "<sos/eos>")
PIECES = ("<blank>", "<unk>", "▁a", "b", "a", "<sos/eos>")


def test_phones_are_units():
    reader = Reader(PHONES)
    read = reader.read("a tʃ a\u0303")
    assert [unit.tokens for unit in read.units] == [(2,), (3,), (4,)]
    assert reader.write(read.units[1:]) == "tʃ a\u0303"
    assert not read.unknown


@pytest.mark.parametrize(
    ("tokens", "numbers"),
    [(LETTERS, [(3, 4, 2), (3, 2), (4,)]), (PIECES, [(2, 3), (2,), (6,)])],
)
def test_words_are_units_of_letters(tokens: tuple[str, ...], numbers: list[tuple[int, ...]]):
    reader = Reader(tokens)
    read = reader.read("a b <space> a <space> b")
    assert holds_words(tokens)
    assert [unit.tokens for unit in read.units] == numbers
    assert reader.write(read.units[:2]) == "a b <space> a"


def test_what_no_token_spells_is_any_sound():
    reader = Reader(PHONES)
    read = reader.read("a " * 20 + "x")
    assert read.unknown == ("x",)
    assert read.units[-1].tokens == (len(PHONES),)
    assert not read.too_strange
    assert reader.read("a x").too_strange
    assert reader.write(read.units) == "a " * 20 + "x"


@pytest.mark.parametrize("letter", ["'", "?", ":", "3", "²", "!", "˥", "ʔ", "k͡p"])
def test_a_letter_of_a_text_is_its_token(letter: str):
    reader = Reader(("<blank>", "<unk>", "<space>", "a", letter, "<sos/eos>"))
    read = reader.read(f"a {letter} <space> a")
    assert [unit.tokens for unit in read.units] == [(3, 4, 2), (3,)]
    assert not read.unknown
    reader = Reader(("<blank>", "<unk>", "▁a", letter, "<sos/eos>"))
    read = reader.read(f"a {letter} <space> a")
    assert [unit.tokens for unit in read.units] == [(2, 3), (2,)]
    assert not read.unknown
