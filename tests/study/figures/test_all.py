from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Anatomy, Cost, Evidence, Overlap, Training
from parp_espnet.study.figures.all import draw
from parp_espnet.study.figures.matrix import heat_map

LANGUAGES = ("es", "tr", "zh")


@pytest.fixture
def grid(make_result: Callable[..., Result]) -> list[Result]:
    """Three languages at two sparsities, with two seeds, and every language's mask in every other."""

    def make(language: str, method: str, sparsity: float, rate: float, **more: object) -> Result:
        values = {"sparsity_target": sparsity, "sparsity_measured": sparsity, "error_rate": rate} | more
        interval = (rate - 0.01, rate + 0.01)
        return make_result(
            recipe=f"egs2/cldr/{language}", language=language, method=method, ci95=interval, **values
        )

    found = []
    for language in LANGUAGES:
        found.append(make(language, "dense", 0.0, 0.08))
        for sparsity in (0.5, 0.8):
            found += [make(language, name, sparsity, 0.08 + sparsity / 10) for name in ("mpi", "omp", "parp")]
            found.append(make(language, "parp", sparsity, 0.09, seed=1))
        for source in LANGUAGES:
            if source != language:
                mask = f"egs2/cldr/{source}/exp/x/finetuned_mask.safetensors"
                found.append(make(language, "transfer", 0.5, 0.2, initial_mask=mask))
    return found


@pytest.fixture
def evidence(grid: list[Result]) -> Evidence:
    """Something for every figure."""
    names = (*LANGUAGES, "mpi")
    layers = {f"layer {number}": {"attention.q_proj": 0.6, "feed_forward.output": 0.3} for number in range(2)}
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return Evidence(
        costs=[Cost(r.language or "", r.method, r.sparsity_target, 0, 0, r.error_rate, 300, 1, 60.0) for r in grid],
        trainings=[Training("es", "parp", 0.5, 0, [100, 200], [0.3, 0.2], [9.0, 8.0])],
        overlaps=[Overlap(0.5, "multi", 0, one, other, 0.9, {}) for one, other in pairs],
        anatomies=[Anatomy("es", "parp", 0.5, layers), Anatomy("es", "mpi", 0.5, layers)],
    )


def test_what_there_is_evidence_for_is_drawn(grid: list[Result], evidence: Evidence, tmp_path: Path) -> None:
    captions = draw(grid, evidence, tmp_path)
    names = {svg.stem for svg in captions}
    assert names == {
        "per", "curves", "cost", "training", "overlap_0.5_multi", "transfer_transfer_0.5", "anatomy_parp",
        "anatomy_mpi",
    }  # fmt: skip
    assert all(svg.with_suffix(".png").is_file() and caption for svg, caption in captions.items())


def test_the_same_data_give_the_same_bytes(grid: list[Result], evidence: Evidence, tmp_path: Path) -> None:
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
    with_two = [*only, *(replace(one, sparsity_target=0.8) for one in only if one.method == "transfer")]
    assert "curves" not in {svg.stem for svg in draw(with_two, Evidence(), tmp_path)}
