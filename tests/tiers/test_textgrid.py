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


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(write_textgrid(TIERS, 1.5))
    assert tuple(read_textgrid(path).tiers) == TIERS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_short_form(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(SHORT, encoding=encoding)
    assert read_textgrid(path).tiers == [Tier("tx", [Annotation(0, 1, "ka\u014ba")])]


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
        (b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "found another"),
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
