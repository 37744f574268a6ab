from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.scoring.transcripts import read_text, write_trn


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("u1 o l a\nu2\n\nu3 tʰ\n", encoding="utf-8")
    assert read_text(tmp_path / "text") == {"u1": ("o", "l", "a"), "u2": (), "u3": ("tʰ",)}
    (tmp_path / "text").write_text("u1 a\nu1 b\n")
    with pytest.raises(UserError, match="line 2: utterance u1 for the second time"):
        read_text(tmp_path / "text")
    with pytest.raises(UserError, match="no such file; decode first"):
        read_text(tmp_path / "gone")


def test_trn(tmp_path: Path) -> None:
    write_trn(tmp_path / "x" / "ref.trn", {"s1-u": ("o", "l"), "s1-v": ()}, {"s1-u": "s1", "s1-v": "s1"})
    assert (tmp_path / "x" / "ref.trn").read_text() == "o l\t(s1-s1-u)\n\t(s1-s1-v)\n"
