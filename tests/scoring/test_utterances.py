from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.errors import UserError
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.utterances import compare, read_utterances, write_utterances

COUNTS = [Counts("s-1", 3, 1, 2, 0), Counts("s-2", 2, 0, 0, 1)]
SMALL = st.integers(0, 9)


@given(st.lists(st.tuples(SMALL, SMALL, SMALL, SMALL), min_size=1))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, ...]]
) -> None:
    path = tmp_path_factory.mktemp("score") / "utterances.tsv"
    counts = [
        Counts(f"s-{number}", 1 + correct + sub + deleted, sub, ins, deleted)
        for number, (correct, sub, ins, deleted) in enumerate(rows)
    ]
    write_utterances(path, counts)
    assert read_utterances(path) == counts


def test_the_file(tmp_path: Path) -> None:
    write_utterances(tmp_path / "u.tsv", COUNTS)
    assert (tmp_path / "u.tsv").read_text() == (
        "utterance\tsub\tins\tdel\treference_length\ns-1\t1\t2\t0\t3\ns-2\t0\t0\t1\t2\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns utterance sub ins del reference_length, found ''"),
        ("utterance\tsub\n", "found 'utterance\\\\tsub'"),
        ("HEAD", "a line for each utterance, found none"),
        ("HEADs-1\t1\t2\n", "line 2: expected an utterance and four counts"),
        ("HEADs-1\t1\t2\t0\t" + 5000 * "9" + "\n", "line 2: expected an utterance and four counts"),
        (
            "HEADs-1\t1\t0\t0\t3\ns-1\t1\t0\t0\t3\n",
            "line 3: utterance s-1 is there twice; score again",
        ),
        ("HEADs-1\t1\t2\t0\t-3\n", "line 2: expected an utterance and four counts"),
        ("HEADs-1\t1\t0\t3\t3\n", "line 2: more substitutions and deletions than a reference of 3"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    head = "utterance\tsub\tins\tdel\treference_length\n"
    (tmp_path / "u.tsv").write_text(text.replace("HEAD", head))
    with pytest.raises(UserError, match=message):
        read_utterances(tmp_path / "u.tsv")
    with pytest.raises(UserError, match="no such file; score again"):
        read_utterances(tmp_path / "gone")


def test_two_systems_in_any_order() -> None:
    found = compare(COUNTS, [Counts("s-2", 2, 0, 0, 0), Counts("s-1", 3, 1, 0, 0)])
    assert (found.difference, found.ratio) == (3 / 5, 4)
    assert compare(COUNTS, COUNTS[::-1]).p == 1


def test_other_utterances_are_refused() -> None:
    with pytest.raises(UserError, match=r"utterance s-2 is in one system's scores only \(1 such\)"):
        compare(COUNTS, COUNTS[:1])
    with pytest.raises(UserError, match="utterance s-2 has 2 and 3 units"):
        compare(COUNTS, [COUNTS[0], Counts("s-2", 3, 0, 0, 1)])
