from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.data.lines import Line, Problem, gather, pairs_of, read_lines, read_table
from parp_espnet.errors import UserError
from parp_espnet.names import why_no_id


def test_a_table(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("u2  o l a \n\nu1\tb\nu3\n", encoding="utf-8")
    assert read_table(path) == {"u2": "o l a", "u1": "b", "u3": ""}
    assert read_lines(path)["u1"] == Line(f"{path}, line 3", "u1", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "text: the file is empty; expected a line for each utterance"),
        (b" \n\n", "text: the file is empty"),
        (
            b"u1 a\nu2 b\nu1 c\n",
            "line 3: u1 for the second time; expected an id once, found it first in .*, line 1$",
        ),
        (b"u1 a\n../u2 b\n", "line 2: id '../u2': an id must be a name, not a path; give it an"),
        (b"u1 a\nu\x01 b\n", "line 2: id .*: an id must be letters without control characters"),
        (b"u1 a\nu2 \0\n", "line 2: expected text, found a null character"),
        (b"u1 \xff\n", "text: expected UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_table(tmp_path / "text")


def test_what_a_reader_may_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "text"
    with pytest.raises(UserError, match=r"text: no such file; a data directory has wav.scp and"):
        read_table(path)
    with pytest.raises(UserError, match="text: no such file; decode first"):
        read_table(path, "no such file; decode first")
    path.write_text("")
    assert read_table(path, empty=True) == {}
    path.write_text("u1 a\n\n")
    with pytest.raises(UserError, match="line 2: expected an id and a value, found a blank line"):
        read_table(path, blank=False)


def test_a_list_of_problems_goes_on() -> None:
    problems: list[Problem] = []
    lines = [("x:1", "a 1"), ("x:2", "a 2"), ("x:3", "b/.. 3"), ("x:4", " ")]
    gathered = gather(lines, problems.append)
    assert {line.id: line.value for line in gathered.values()} == {"a": "1", "b/..": "3"}
    again, path = problems
    assert (again.line.where, again.first) == ("x:2", Line("x:1", "a", "1"))
    assert (path.line.where, path.first) == ("x:3", None)


WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=6)


@given(st.lists(WORDS, max_size=5))
def test_any_line_is_an_id_and_the_rest(lines: list[str]) -> None:
    pairs = list(pairs_of(lines))
    assert [f"{id_} {value}".split() for id_, value in pairs] == [
        line.split() for line in lines if line.split()
    ]


@given(st.text(max_size=4))
def test_an_id_is_one_word_and_no_path(word: str) -> None:
    if why_no_id(word) is None:
        assert word.split() == [word]
        assert "/../" not in f"/{word}/"
        assert "\0" not in word
