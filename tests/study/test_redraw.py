"""Figures of kept studies, from their results alone."""

import json
import shutil
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.study.evidence import Evidence
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


def test_a_figure_of_before_is_drawn_over_in_words_of_now(tmp_path: Path) -> None:
    """A pattern was called a scope; the pages of that study link to its figures."""
    kept = KEPT.parent / "units"
    for name in ("results.json", "evidence.json"):
        shutil.copy2(kept / name, tmp_path)
    said = (tmp_path / "evidence.json").read_text().replace("pattern units", "scope units")
    (tmp_path / "evidence.json").write_text(said.replace("pattern 2:4", "scope 2:4"))
    before = tmp_path / "anatomy_mpi--scope-units.png"
    before.write_bytes(b"old")
    evidence = Evidence.read(tmp_path / "evidence.json")
    variants = {anatomy.who.variant for anatomy in evidence.anatomies}
    grown = {"start_sparsity 0", "pattern units, start_sparsity 0"}
    assert variants == {"", "pattern units", "pattern 2:4, prune_biases false", *grown}
    assert {"mpi, pattern units"} < {comparison.one for comparison in evidence.comparisons}
    few = [one for one in evidence.anatomies if one.who.variant == "pattern units"]
    Evidence(anatomies=few).write(tmp_path / "evidence.json")
    results = json.loads((tmp_path / "results.json").read_text())
    (tmp_path / "results.json").write_text(json.dumps(results[:2]))
    assert redraw(tmp_path) == [before]
    assert before.read_bytes().startswith(b"\x89PNG")


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
