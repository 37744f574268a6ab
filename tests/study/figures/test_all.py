from dataclasses import replace
from pathlib import Path

import numpy as np

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures.all import draw
from parp_espnet.study.figures.matrix import heat_map


def test_what_there_is_evidence_for_is_drawn(
    grid: list[Result], evidence: Evidence, tmp_path: Path
) -> None:
    captions = draw(grid, evidence, tmp_path)
    names = {svg.stem for svg in captions}
    assert names == {
        "per", "curves", "cost", "adjusting", "training", "overlap_0.5_multi",
        "transfer_transfer_0.5", "anatomy_parp",
        "anatomy_mpi",
    }  # fmt: skip
    assert all(svg.with_suffix(".png").is_file() and caption for svg, caption in captions.items())


def test_the_same_data_give_the_same_bytes(
    grid: list[Result], evidence: Evidence, tmp_path: Path
) -> None:
    for svg in draw(grid, evidence, tmp_path / "a"):
        other = tmp_path / "b" / svg.name
        if not other.exists():
            draw(grid, evidence, tmp_path / "b")
        assert svg.read_bytes() == other.read_bytes()


def test_without_evidence_only_results_are_drawn(grid: list[Result], tmp_path: Path) -> None:
    assert {svg.stem for svg in draw(grid[:1], Evidence(), tmp_path)} == {"per"}


def test_an_empty_cell_stays_empty_and_one_value_has_a_colour() -> None:
    figure = heat_map(np.array([[1.0, np.nan]]), ["a"], ["b", "c"], title="t")
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.00"]


def test_masks_from_elsewhere_are_in_no_curve(grid: list[Result], tmp_path: Path) -> None:
    only = [one for one in grid if one.method in ("dense", "transfer")]
    with_two = [
        *only,
        *(replace(one, sparsity_target=0.8) for one in only if one.method == "transfer"),
    ]
    assert "curves" not in {svg.stem for svg in draw(with_two, Evidence(), tmp_path)}
