from dataclasses import asdict, replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from parp_espnet.export.costs import Measured
from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures.all import draw
from parp_espnet.study.figures.exported import exported
from parp_espnet.study.figures.style import COLOURS

FILES = (("onnx", "fp32", 21.7, 40.0), ("onnx", "int8", 5.9, 14.0), ("sparse", "fp16", 3.1, 44.0))


@pytest.fixture
def measured(grid: list[Result]) -> list[Result]:
    """Every result with three files, of one error rate more than its own."""
    found = []
    for number, result in enumerate(grid):
        files = []
        for form, precision, size, milliseconds in FILES:
            one = Measured(
                form,
                precision,
                round(size * 1e6),
                milliseconds + number / 10,
                result.error_rate + 0.001,
                86,
                "a Xeon",
            )
            files.append(asdict(one))
        found.append(replace(result, exports=files))
    return found


def points(figure: Figure, panel: int) -> list[tuple[float, float]]:
    found = []
    for line in figure.axes[panel].get_lines():
        found += [(float(x), float(y)) for x, y in zip(*line.get_data(), strict=True)]
    return found


def test_both_figures_are_drawn(measured: list[Result], tmp_path: Path) -> None:
    captions = {svg.stem: caption for svg, caption in draw(measured, Evidence(), tmp_path).items()}
    assert "size of the exported file" in captions["exported_bytes"]
    assert "on a Xeon" in captions["exported_milliseconds"]


def test_without_exports_there_is_none(grid: list[Result]) -> None:
    assert exported(grid, "MB", lambda one: one.bytes / 1e6) is None


def test_points_are_means_over_seeds(measured: list[Result]) -> None:
    spanish = [one for one in measured if one.language == "es" and one.sparsity_target == 0.8]
    parp = [one for one in spanish if one.method == "parp"]
    assert {one.seed for one in parp} == {0, 1}
    figure = exported(parp, "MB", lambda one: one.bytes / 1e6)
    assert figure is not None
    mean = 100 * sum(one.error_rate + 0.001 for one in parp) / len(parp)
    rates = {round(rate, 6) for _, rate in points(figure, 0)}
    assert rates == {round(mean, 6)}
    assert sorted(size for size, _ in points(figure, 0)) == [3.1, 5.9, 21.7]


def test_every_point_is_inside(measured: list[Result]) -> None:
    figure = exported(measured, "ms", lambda one: one.milliseconds)
    assert figure is not None
    assert [axes.get_title() for axes in figure.axes] == ["es", "tr", "zh"]
    for number, axes in enumerate(figure.axes):
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert all(left < x < right and low <= y < high for x, y in points(figure, number))


def test_more_models_than_colours_are_told_apart(measured: list[Result]) -> None:
    many = []
    for number in range(2 * len(COLOURS) - 1):
        target = 0.04 * (number + 1)
        many.append(replace(measured[0], method="parp", sparsity_target=target))
    few = exported(many[:3], "MB", lambda one: one.bytes / 1e6)
    figure = exported(many, "MB", lambda one: one.bytes / 1e6)
    assert figure is not None
    assert few is not None
    assert figure.get_figheight() > few.get_figheight()
    faces: dict[str, set[str]] = {}
    for line in figure.axes[0].get_lines():
        if len(line.get_xdata()):
            faces.setdefault(str(line.get_color()), set()).add(str(line.get_markerfacecolor()))
    assert {len(shown) for shown in faces.values()} == {1, 2}
