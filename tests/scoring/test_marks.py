import unicodedata
from pathlib import Path

import pytest

from parp_espnet.scoring.alignment import canonical
from parp_espnet.scoring.marks import MARKS, per_without_marks, without_marks


@pytest.mark.parametrize(
    ("phones", "bare"),
    [
        ("aː á ǎ ɔ̃̀", "a a a ɔ̃"),
        ("ã pʰ n̩ ç ä t͡s", "ã pʰ n̩ ç ä t͡s"),
        ("a˥ ˧˩ ma² ˈa", "a ma ˈa"),
        # X-SAMPA's vowels.
        ("2 9 a:", "2 9 a"),
    ],
)
def test_tone_and_length_go_and_nothing_else(phones: str, bare: str) -> None:
    expected = tuple(unicodedata.normalize("NFD", phone) for phone in bare.split())
    assert without_marks(tuple(phones.split())) == expected


def test_every_mark_is_one_character_in_canonical_form() -> None:
    for mark in MARKS:
        assert len(mark) == 1
        assert unicodedata.normalize("NFD", mark) == mark


def test_errors_of_tone_and_length_are_none() -> None:
    said = {"u": ("aː", "b", "á", "˥"), "v": ("˩",)}
    heard = {"u": ("a", "b", "à", "c"), "v": ("a",)}
    assert per_without_marks(said, heard) == pytest.approx(1 / 3)
    assert per_without_marks({"u": ("a", "b")}, {"u": ("a", "c")}) is None
    assert per_without_marks({"u": ("˩",)}, {"u": ("a",)}) is None
    assert per_without_marks({"u": ("a",)}, {"u": ("aː",)}) == 0


def test_the_table_of_marks_in_docs_is_whole() -> None:
    page = Path(__file__).parents[2].joinpath("docs/experiment.md").read_text(encoding="utf-8")
    section = page.partition("## Tone and length\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    shown = canonical(["".join(row.split("|")[2].split()) for row in rows])
    assert set("".join(shown)) - {"a"} == MARKS.keys()
