from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.scoring.transcripts import read_text, write_notes, write_trn


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("u1 o l a\nu2\n\nu3 tʰ\n", encoding="utf-8")
    assert read_text(tmp_path / "text") == {"u1": ("o", "l", "a"), "u2": (), "u3": ("tʰ",)}
    (tmp_path / "text").write_text("u1 a\nu1 b\n")
    with pytest.raises(UserError, match="line 2: u1 for the second time"):
        read_text(tmp_path / "text")
    with pytest.raises(UserError, match="no such file; decode first"):
        read_text(tmp_path / "gone")


def test_trn(tmp_path: Path) -> None:
    write_trn(
        tmp_path / "x" / "ref.trn", {"s1-u": ("o", "l"), "s1-v": ()}, {"s1-u": "s1", "s1-v": "s1"}
    )
    assert (tmp_path / "x" / "ref.trn").read_text() == "o l\t(s1-s1-u)\n\t(s1-s1-v)\n"


def test_notes_say_how_sclite_is_called_and_what_it_misreads(tmp_path: Path) -> None:
    write_notes(tmp_path, ["o", "N", "@", "{", "@", "E:"])
    notes = (tmp_path / "README.txt").read_text()
    assert "sclite -s " in notes
    assert "It misreads these phones, whatever its options: @ {\n" in notes
    write_notes(tmp_path, ["**", ";;", "a**"])
    assert "whatever its options: ** ;;\n" in (tmp_path / "README.txt").read_text()
    write_notes(tmp_path, ["o", "ə", "@u"])
    assert "misreads" not in (tmp_path / "README.txt").read_text()
