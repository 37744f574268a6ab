"""Studies of many arms: nothing of a figure is cut off, and methods do not look alike."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.pruning.methods import METHODS
from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Cost, Training
from parp_espnet.study.figures.cost import cost
from parp_espnet.study.figures.lines import lines_of
from parp_espnet.study.figures.style import look
from parp_espnet.study.figures.training import training

RATES = ("lr 0.001", "lr 0.002", "lr 0.004")


def trained(method: str, rate: str) -> Training:
    return Training(
        "es", method, 0.9, 0, [10, 20, 30], [0.5, 0.2, 0.3], [9.0, 5.0, 6.0], conditions=rate
    )


def paid(method: str, updates: int, rate: str = "") -> Cost:
    return Cost("es", method, 0.9, 0, 0, 0.1, updates, 1, None, conditions=rate)


def is_whole(figure: Figure) -> bool:
    """Whether a figure's legend is inside it, to a pixel of its frame."""
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    return bool(box.y0 >= -1 and box.x0 >= 0 and box.x1 <= figure.bbox.width + 1)


def is_inside(axes: Axes) -> bool:
    """Whether every point and every band of a panel is."""
    left, right = axes.get_xlim()
    places = []
    for line in axes.get_lines():
        places += np.asarray(line.get_xdata(), dtype=float).tolist()
    for band in axes.patches:
        box = band.get_extents().transformed(axes.transData.inverted())
        places += [box.x0, box.x1]
    return all(left - 1e-6 <= x <= right + 1e-6 for x in places)


def test_no_two_methods_have_one_colour_or_look_alike() -> None:
    looks = [look(name) for name in METHODS]
    assert len({style["color"] for style in looks}) == len(METHODS)


@pytest.mark.parametrize("count", [1, 5, len(METHODS)])
def test_a_legend_is_whole(count: int) -> None:
    methods = list(METHODS)[:count]
    drawn = training([trained(method, rate) for method in methods for rate in RATES])
    assert drawn is not None
    assert is_whole(drawn)
    runs = [paid(method, 300, rate) for method in methods for rate in RATES]
    figure = cost(runs)
    assert figure is not None
    assert is_whole(figure)


def test_long_names_leave_room_for_a_panel() -> None:
    name = "lr 0.001, " + 8 * "phn_dense_multi_train_10min_"
    drawn = training([trained("dense", name), trained("parp", name)])
    figure = cost([paid(method, 300, name) for method in ("dense", "mpi", "parp")])
    for one in (drawn, figure):
        assert one is not None
        assert is_whole(one)
        assert one.axes[0].get_window_extent().width > one.dpi


@pytest.mark.parametrize("count", [3, 8, len(METHODS)])
@pytest.mark.parametrize("updates", [(300,), (300, 600), (300, 400, 1800)])
def test_every_point_is_inside_and_no_band_covers_another(
    count: int, updates: tuple[int, ...]
) -> None:
    runs = [paid(method, cost) for method in list(METHODS)[:count] for cost in updates]
    figure = cost([*runs, *(replace(run, conditions="lr 0.004") for run in runs)])
    assert figure is not None
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert is_inside(axes)
    edges = []
    for band in axes.patches:
        box = band.get_extents().transformed(axes.transData.inverted())
        edges += [box.x0, box.x1]
    assert len(edges) == 2 * len(updates)
    for end, begin in zip(edges[1::2], edges[2::2], strict=False):
        assert end <= begin + 1e-6


def test_a_line_has_one_name_in_all_panels(make_result: Callable[..., Result]) -> None:
    """Where one language has two numbers of updates, those of the others are said, too."""
    results = [
        make_result(language=language, sparsity_target=sparsity, updates=updates)
        for language, numbers in (("es", (300, 600)), ("tr", (300,)))
        for sparsity in (0.5, 0.75)
        for updates in numbers
    ]
    named = set(lines_of(results))
    assert len(named) == 2
    assert all("updates" in name for name in named)
