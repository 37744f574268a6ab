"""Praat's files: its forms are read, and what is written is read by praatio, and by Praat."""

import shutil
import subprocess
from pathlib import Path

import pytest
from praatio import textgrid as praatio

from parp_espnet.errors import UserError
from parp_espnet.tiers.textgrid import read_textgrid, write_textgrid
from parp_espnet.tiers.tier import Annotation, Tier

TIERS = (
    Tier("phones", [Annotation(0.1, 0.12, "tʃ"), Annotation(0.12, 0.5, 'say "it"')]),
    Tier("tx@Ana", [Annotation(0, 1.5, "tʃ a")], "Ana"),
)
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
2.5
<exists>
2
"IntervalTier"
"tx"
0
2.5
2
0
1
"ka\u014ba"
1
2.5
""
"TextTier"
"clicks"
0
2.5
1
1.5
"x"
"""
ONE_SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
2
<exists>
1
"IntervalTier"
"tx"
0
2
2
0
1
"a"
1
2
"b"
"""


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(write_textgrid(TIERS, 1.5))
    assert tuple(read_textgrid(path).tiers) == TIERS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_short_form(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(SHORT, encoding=encoding)
    assert read_textgrid(path).tiers == [Tier("tx", [Annotation(0, 1, "ka\u014ba")])]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(ONE_SHORT.rstrip("\n"))
    assert read_textgrid(path).tiers == [Tier("tx", [Annotation(0, 1, "a"), Annotation(1, 2, "b")])]
    path.write_text(write_textgrid(TIERS, 1.5).rstrip("\n"))
    assert tuple(read_textgrid(path).tiers) == TIERS


@pytest.mark.parametrize(
    "text", ["item [2]:", "IntervalTier", "xmin = 3", "two\nlines", '"', "! no"]
)
def test_what_a_text_says_is_no_part_of_the_form(tmp_path: Path, text: str) -> None:
    tiers = [Tier("tx", [Annotation(0, 1, text), Annotation(1, 2, "b")]), Tier(text, [])]
    path = tmp_path / "x.TextGrid"
    path.write_text(write_textgrid(tiers, 2))
    first, second = read_textgrid(path).tiers
    assert [one.text for one in first.annotations] == [" ".join(text.split()), "b"]
    assert second.name == text
    quoted = text.replace('"', '""')
    path.write_text(ONE_SHORT.replace('"a"', f'"{quoted}"'))
    assert read_textgrid(path).tiers == [first]


@pytest.mark.parametrize("zero", ["1e-14", "5.684341886080802e-14", "-0", "-1e-17", "0.", "+0"])
def test_times_as_praat_rounds_them(tmp_path: Path, zero: str) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(write_textgrid(TIERS, 1.5).replace("xmin = 0.0000", f"xmin = {zero}"))
    spoken = read_textgrid(path).tiers[1].annotations[0]
    assert (round(spoken.begin, 9), spoken.end, spoken.text) == (0, 1.5, "tʃ a")


def test_several_tiers_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    spoken = [Annotation(0, 1, "a")]
    path.write_text(write_textgrid([Tier("tx@Ana", spoken), Tier("tx@Ana", spoken)], 2))
    tiers = read_textgrid(path).tiers
    assert [(tier.name, tier.speaker) for tier in tiers] == [("tx@Ana", "Ana"), ("tx@Ana_2", "Ana")]
    for name in ("tx", "tx@Ana"):
        assert all(tier.is_called(name) for tier in tiers)
    assert [tier.is_called("tx@Ana_2") for tier in tiers] == [False, True]


def test_intervals_that_cannot_be_are_said_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(ONE_SHORT.replace('1\n2\n"b"', '1\n1\n"b"').replace('0\n1\n"a"', '-1\n1\n"a"'))
    file = read_textgrid(path)
    assert file.tiers == [Tier("tx", [])]
    begin = "tier tx, interval {}: expected a begin in the recording and a later end, found {} s"
    assert file.faults == [begin.format(1, "-1 to 1"), begin.format(2, "1 to 1")]
    # One over another is for who reads it to leave out.
    path.write_text(ONE_SHORT.replace('0\n1\n"a"', '0\n1.5\n"a"'))
    assert [one.text for one in read_textgrid(path).tiers[0].annotations] == ["a", "b"]


@pytest.mark.parametrize("whole", [write_textgrid(TIERS, 1.5), SHORT])
def test_what_is_cut_off_is_refused(tmp_path: Path, whole: str) -> None:
    path = tmp_path / "x.TextGrid"
    lines = whole.splitlines()
    for kept in range(6, len(lines)):
        path.write_text("\n".join(lines[:kept]))
        with pytest.raises(
            UserError, match="found its end before all that it counts; save it anew"
        ):
            read_textgrid(path)


def test_none_has_no_tiers(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text('"ooTextFile"\n"TextGrid"\n0\n2\n<absent>\n')
    assert read_textgrid(path).tiers == []


def test_praatio_reads_it_and_writes_it_back_unchanged(tmp_path: Path) -> None:
    path, back = tmp_path / "x.TextGrid", tmp_path / "back.TextGrid"
    path.write_text(write_textgrid(TIERS, 1.5))
    grid = praatio.openTextgrid(str(path), includeEmptyIntervals=True)
    grid.save(str(back), format="long_textgrid", includeBlankSpaces=True)
    assert read_textgrid(back).tiers == read_textgrid(path).tiers


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected a TextGrid of Praat's, found another"),
        (b"hola", "expected a TextGrid of Praat's, found another"),
        (b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "found its end before all"),
        (b'File type = "ooTextFile"\nObject class = "PitchTier"\n0\n1\n', "found another"),
        ("ñ".encode("latin-1"), "expected a TextGrid in UTF-8 or UTF-16, found neither"),
        (SHORT.replace("0\n1\n", "0\nx\n").encode(), "found another"),
    ],
)
def test_what_is_none_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_textgrid(path)
    assert str(error.value).startswith(f"{path}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(shutil.which("praat") is None, reason="praat is not installed")
def test_praat_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(write_textgrid(TIERS, 1.5))
    script = tmp_path / "look.praat"
    script.write_text(
        f'Read from file: "{path}"\n'
        "tiers = Get number of tiers\n"
        "name$ = Get tier name: 2\n"
        "label$ = Get label of interval: 1, 3\n"
        "begin = Get start time of interval: 1, 3\n"
        "writeInfoLine: tiers, tab$, name$, tab$, label$, tab$, fixed$ (begin, 2)\n"
    )
    said = subprocess.run(
        ["praat", "--run", str(script)], capture_output=True, check=True, timeout=600
    ).stdout
    # Praat's own words are in UTF-16 on some systems.
    text = said.decode("utf-16" if b"\x00" in said else "utf-8")
    assert text.split("\n")[0] == '2\ttx@Ana\tsay "it"\t0.12'


@pytest.mark.parametrize("text", ["ni\\n~o", "ingl\\e's", "\\sw", "a\\ng", "t\\sh"])
def test_letters_that_praat_shows_as_others_are_said(tmp_path: Path, text: str):
    """Praat saves \\n~ as it was typed, and shows ñ."""
    path = tmp_path / "a.TextGrid"
    path.write_text(
        write_textgrid([Tier("tx", [Annotation(0, 1, text), Annotation(1, 2, "a")])], 2)
    )
    read = read_textgrid(path)
    assert [one.text for one in read.tiers[0].annotations] == ["a"]
    (fault,) = read.faults
    assert "interval 1: expected letters, found \\" in fault
    assert "Convert to Unicode" in fault


@pytest.mark.parametrize("text", ["a\\b", "a \\ b", "\\", "a/b"])
def test_a_backslash_alone_is_none(tmp_path: Path, text: str):
    path = tmp_path / "a.TextGrid"
    path.write_text(write_textgrid([Tier("tx", [Annotation(0, 1, text)])], 1))
    assert not read_textgrid(path).faults
