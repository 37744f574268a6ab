from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.scoring.merge import describe_merges, merge, read_merges


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "merge.txt").write_text("# nasal vowels\nã a\n\nɛː\tɛ\n", encoding="utf-8")
    assert read_merges(tmp_path / "merge.txt") == {"a\u0303": "a", "ɛː": "ɛ"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b c\n", "line 1: expected two different phones, from and to, found 'a b c'"),
        ("a b\nc\n", "line 2: expected two different phones"),
        ("ã a\u0303\n", "line 1: expected two different phones"),
        ("a b\na c\n", "line 2: a for the second time"),
        ("a b\nb c\n", "b is merged and merged into"),
        ("# a b\n", "expected lines of two phones, from and to, found none"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "merge.txt").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_merges(tmp_path / "merge.txt")
    with pytest.raises(UserError, match="no such file; expected the table of merged phones"):
        read_merges(tmp_path / "gone")


def test_phones_are_merged_and_no_diacritic_is_by_itself() -> None:
    assert merge({"a\u0303": "a"}, {"u": ("ã", "pʰ", "a")}) == {"u": ("a", "pʰ", "a")}
    assert merge({}, {"u": ("ã", "pʰ")}) == {"u": ("a\u0303", "pʰ")}


def test_what_a_table_does_is_shown() -> None:
    shown = describe_merges({"ɛː": "ɛ"}, {"u": ("ɛː", "ɛː", "ɛ")}, {"u": ("ɛ",)})
    assert shown == "scored as one:\n  ɛː → ɛ: 2 said, 0 heard"
