"""Figures of kept studies, from their results alone."""

import shutil
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.study.redraw import redraw

KEPT = Path(__file__).resolve().parents[2] / "egs2/cldr/studies/adjusting"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name in ("results.json", "evidence.json"):
        shutil.copy2(KEPT / name, tmp_path)
    return tmp_path


def test_what_is_there_is_drawn_again(study: Path) -> None:
    (study / "adjusting.png").write_bytes(b"old")
    (study / "photo.png").write_bytes(b"mine")
    assert redraw(study) == [study / "adjusting.png"]
    drawn = (study / "adjusting.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    redraw(study)
    assert (study / "adjusting.png").read_bytes() == drawn
    assert (study / "photo.png").read_bytes() == b"mine"


def test_all_of_it_elsewhere(study: Path, tmp_path: Path) -> None:
    made = redraw(study, tmp_path / "all")
    kept = {path.name for path in KEPT.glob("*.png")}
    assert kept <= {path.name for path in made}
    assert {path.suffix for path in made} == {".png", ".svg"}


def test_where_a_file_is(study: Path) -> None:
    (study / "file").touch()
    with pytest.raises(UserError, match="file: expected a directory, found a file"):
        redraw(study, study / "file")


def test_nothing_to_draw_over(study: Path) -> None:
    with pytest.raises(UserError, match="--out DIR"):
        redraw(study)
    (study / "evidence.json").unlink()
    with pytest.raises(UserError, match=r"evidence\.json"):
        redraw(study)
