"""Panels share a legend: what has one name looks the same in all of them, and nothing else does."""

from collections.abc import Callable, Iterable, Sequence

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Adjusting, Cost, Training
from parp_espnet.study.figures.adjusting import MOST, adjusting, intervals
from parp_espnet.study.figures.cost import cost
from parp_espnet.study.figures.curves import curves
from parp_espnet.study.figures.style import COLOURS, shade
from parp_espnet.study.figures.training import training

type Look = tuple[object, ...]
MANY = [f"lr {number}" for number in range(12)]
PANELS = {"es": MANY, "tr": MANY[3:], "zh": [*MANY[:2], *MANY[6:]]}
"""Which lines each has."""


def looks_of(axes: Axes) -> Iterable[tuple[str, Look]]:
    for line in axes.get_lines():
        label = str(line.get_label())
        if not label.startswith("_"):
            filled = str(line.get_markerfacecolor()) == "none"
            kind = line.get_linestyle(), getattr(line, "_unscaled_dash_pattern", None)
            yield label, (line.get_color(), line.get_marker(), filled, kind)


def check(figure: Figure | None, lines: Sequence[str]) -> None:
    assert figure is not None
    looks: dict[str, set[Look]] = {}
    for axes in figure.axes:
        for label, look in looks_of(axes):
            looks.setdefault(label, set()).add(look)
    assert len(looks) == len(lines)
    assert all(len(several) == 1 for several in looks.values())
    assert len(set().union(*looks.values())) == len(lines)


@pytest.mark.parametrize("method", ["dense", "parp", "mpi", "router-p"])
def test_points_of_cost(method: str) -> None:
    runs = []
    for language, conditions in PANELS.items():
        for told in conditions:
            runs.append(Cost(language, method, 0.5, 0, 0, 0.1, 300, 1, None, conditions=told))
    check(cost(runs), MANY)


@pytest.mark.parametrize("method", ["dense", "parp", "mpi", "router-p"])
def test_lines_of_training(method: str) -> None:
    runs = []
    for language, conditions in PANELS.items():
        for told in conditions:
            rates = [0.5, 0.2, 0.3]
            run = Training(language, method, 0.5, 0, [1, 2, 3], rates, rates, conditions=told)
            runs.append(run)
    check(training(runs), MANY)


@pytest.mark.parametrize("method", ["parp", "mpi"])
def test_lines_of_curves(method: str, make_result: Callable[..., Result]) -> None:
    results = []
    for language, conditions in PANELS.items():
        for told in conditions:
            for sparsity in (0.5, 0.7):
                options = {"method": method, "lr": float(told.split()[1]) + 1}
                made = make_result(
                    recipe="egs2/cldr/all", language=language, method=method,
                    sparsity_target=sparsity, sparsity_measured=sparsity, interval=None,
                    initial_mask=None, mask_origin=None, options=options, error_rate=0.1,
                    ci95=(0.09, 0.11),
                )  # fmt: skip
                results.append(made)
    check(curves(results), MANY)


@pytest.mark.parametrize("colour", [COLOURS[0], *COLOURS[4:7], "#332288"])
def test_shades_are_others(colour: str) -> None:
    assert shade(colour, 0) == colour
    shades = {to_hex(shade(colour, step)) for step in range(5)}
    assert len(shades) == 5


def moving(conditions: str, sparsity: float) -> Adjusting:
    return Adjusting(
        "es", "parp", sparsity, 5, 0, [5, 10, 15], [0, 3, 2], [1.0, 0.9, 0.8], None, conditions
    )


def test_a_way_of_another_sparsity_than_the_title_says_so() -> None:
    figure = adjusting([moving("", 0.9), moving("", 0.5), moving("lr 1", 0.5)])
    assert figure is not None
    flips, _ = figure.axes
    assert flips.get_title() == "es, sparsity 0.9"
    labels = [str(line.get_label()) for line in flips.get_lines()]
    assert labels == ["parp, n = 5", "parp, lr 1, n = 5, sparsity 0.5"]


@pytest.mark.parametrize("more", [0, 3])
def test_ways_that_are_left_out_are_told(more: int) -> None:
    figure = adjusting([moving(f"lr {number}", 0.9) for number in range(MOST + more)])
    assert figure is not None
    told = f"; {MOST} of {MOST + more} ways" if more else ""
    assert figure.axes[0].get_title() == f"es, sparsity 0.9{told}"


def test_intervals_of_other_lengths_of_training_have_panels(
    make_result: Callable[..., Result],
) -> None:
    results = []
    for updates in (300, 600):
        for interval in (1, 5, 50):
            results.append(
                make_result(
                    method="parp", updates=updates, interval=interval, sparsity_target=0.5,
                    initial_mask=None,
                )
            )  # fmt: skip
    figure = intervals(results)
    assert figure is not None
    titles = [axes.get_title() for axes in figure.axes]
    assert [title.rpartition(", ")[2] for title in titles] == ["300 updates", "600 updates"]
