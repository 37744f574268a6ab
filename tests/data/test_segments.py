from pathlib import Path

import pytest

from parp_espnet.data.segments import Segment, SegmentError, read_channels, read_segment
from parp_espnet.errors import UserError

RECORDINGS = {"rec": "rec.wav"}


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("rec 0 1.5", Segment("rec", 0.0, 1.5, None)),
        ("rec  0.25\t2 1", Segment("rec", 0.25, 2.0, 1)),
        ("rec 3 -1", Segment("rec", 3.0, None, None)),
    ],
)
def test_a_segment(value: str, segment: Segment) -> None:
    assert read_segment(value, RECORDINGS, {}) == segment


def test_its_channel_is_its_own_or_that_of_its_recording() -> None:
    assert read_segment("rec 0 1", RECORDINGS, {"rec": 1}).channel == 1
    assert read_segment("rec 0 1 0", RECORDINGS, {"rec": 1}).channel == 0


@pytest.mark.parametrize(
    ("value", "expected", "is_line"),
    [
        ("", "'<recording> <begin> <end>', found ''", True),
        ("rec", "'<recording> <begin> <end>', found 'rec'", True),
        ("rec 1", "'<recording> <begin> <end>', found 'rec 1'", True),
        ("rec 0 one", "'<recording> <begin> <end>', found", True),
        ("rec 0 1 A", "'<recording> <begin> <end>', found", True),
        ("rec 0 1 0 0", "'<recording> <begin> <end>', found", True),
        ("other 0 1", "a recording of wav.scp, found other", False),
        ("rec 2 1", "0 <= begin < end, found 'rec 2 1'", False),
        ("rec 1 1", "0 <= begin < end, found 'rec 1 1'", False),
        ("rec -1 1", "0 <= begin < end, found 'rec -1 1'", False),
        ("rec 0 inf", "0 <= begin < end, found 'rec 0 inf'", False),
        ("rec nan 1", "0 <= begin < end, found 'rec nan 1'", False),
        ("rec inf -1", "0 <= begin < end, found 'rec inf -1'", False),
    ],
)
def test_what_is_no_segment(value: str, expected: str, is_line: bool) -> None:
    with pytest.raises(SegmentError, match=f"^expected {expected}") as error:
        read_segment(value, RECORDINGS, {})
    assert error.value.is_line is is_line


@pytest.mark.parametrize(
    ("words", "numbers"),
    [("A B", [0, 1]), ("1 2", [0, 1]), ("0 1", [0, 1]), ("a c", [0, 2]), ("2 2", [1, 1])],
)
def test_names_of_channels(tmp_path: Path, words: str, numbers: list[int]) -> None:
    lines = [f"r{number} f {word}\n" for number, word in enumerate(words.split())]
    (tmp_path / "reco2file_and_channel").write_text("".join(lines))
    assert list(read_channels(tmp_path).values()) == numbers


def test_a_line_that_names_no_channel(tmp_path: Path) -> None:
    (tmp_path / "reco2file_and_channel").write_text("rec f A\n\nother f left\n")
    message = "reco2file_and_channel:3: expected '<recording> <file> <channel>'"
    with pytest.raises(UserError, match=message):
        read_channels(tmp_path)
