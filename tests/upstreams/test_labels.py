from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.upstreams.labels import describe, match, read_labels
from parp_espnet.upstreams.starts import EQUAL, NEAREST

LABELS = ("<blank>", "n", "a", "<unk>", "t", "")


def test_rows_are_of_equal_phones_and_of_the_nearest_for_the_others() -> None:
    rows = match(LABELS, ("<blank>", "<unk>", "a", "ɲ", "d", "<sos/eos>"), NEAREST, "here")
    assert [row.source for row in rows] == ["<blank>", "<unk>", "a", "n", "t", None]
    assert [row.place for row in rows] == [0, 3, 2, 1, 4, -1]
    assert [row.is_equal for row in rows] == [True, True, True, False, False, False]
    said = describe(rows)
    assert "3 of 6 rows are of equal labels" in said
    assert "2 of the nearest phone: ɲ of n, d of t" in said
    assert said.endswith("1 drawn: <sos/eos>")


def test_of_equal_phones_alone() -> None:
    rows = match(LABELS, ("<blank>", "a", "ɲ"), EQUAL, "here")
    assert [row.source for row in rows] == ["<blank>", "a", None]


def test_one_phone_in_two_spellings() -> None:
    (nasal, plosive) = match(("\u00e3", "ɡ"), ("a\u0303", "g"), EQUAL, "here")
    assert nasal.is_equal
    assert plosive.is_equal


def test_a_phone_that_lends_its_row_stays_before_those_that_borrow_it() -> None:
    rows = match(("n", "a"), ("ɲ", "ŋ", "n", "a"), NEAREST, "here")
    assert [row.shared for row in rows] == [True, True, False, False]


def test_what_panphon_does_not_know_is_drawn() -> None:
    rows = match(("a", "2"), ("a", "7", "8"), NEAREST, "here")
    assert [row.source for row in rows] == ["a", None, None]


@pytest.mark.parametrize("toned", ["a\u0301", "\u00e1", "a\u030c", "a¹", "a²¹⁴", "ꜜa", "a:"])
def test_a_phone_with_its_tone_or_length_is_nearest_to_that_without(toned: str) -> None:
    (_, there) = match(("t", "n", "ɛ", "a"), ("t", toned), NEAREST, "here")
    assert (there.source, there.is_equal) == ("a", False)
    (_, back) = match(("t", "n", "ɛ", toned), ("t", "a"), NEAREST, "here")
    assert back.source == toned


@pytest.mark.parametrize("mark", ["˥", "˧˥", "¹", "ꜜ", "ː"])
def test_a_tone_of_its_own_is_near_to_itself_alone(mark: str) -> None:
    (_, alone) = match(("t", "n", "a"), ("t", mark), NEAREST, "here")
    assert alone.source is None
    (_, vowel) = match(("t", mark), ("t", "a"), NEAREST, "here")
    assert vowel.source == "t"
    (_, same) = match(("t", "a", mark), ("t", mark), NEAREST, "here")
    assert same.is_equal


def test_a_head_that_fits_none_of_the_phones() -> None:
    with pytest.raises(
        UserError,
        match=r"here: expected a head for some of the language's phones \(x y …\), found none of "
        r"them among its 2 labels \(n a …\); take --init_head none",
    ):
        match(("<blank>", "<unk>", "n", "a"), ("<blank>", "<unk>", "x", "y"), NEAREST, "here")


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 40])
def test_a_damaged_head(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "head.safetensors"
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"head.safetensors: expected the head of an upstream"):
        read_labels(file)
