from collections.abc import Callable
from statistics import fmean
from typing import Any

import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Adjusting
from parp_espnet.study.figures.adjusting import adjusting, intervals

RATES = {1: (0.10, 0.12), 5: (0.11, 0.13), 20: (0.14, 0.16)}
FIXED = 0.15


def sweep(make_result: Callable[..., Result], **options: Any) -> list[Result]:
    """A mask that never moves, and one that moves at three intervals with two seeds."""
    common = {"sparsity_target": 0.7, "sparsity_measured": 0.7, "initial_mask": None, **options}
    return [
        make_result(method="mpi", interval=None, error_rate=FIXED, **common),
        *(
            make_result(method="parp", interval=interval, seed=seed, error_rate=rate, **common)
            for interval, rates in RATES.items()
            for seed, rate in enumerate(rates)
        ),
    ]


def test_a_line_through_the_means_ends_at_the_mask_that_never_moves(
    make_result: Callable[..., Result],
) -> None:
    figure = intervals(sweep(make_result, language="es"))
    assert figure is not None
    (axes,) = figure.axes
    means = [fmean(100 * rate for rate in rates) for rates in (*RATES.values(), [FIXED])]
    assert axes.get_lines()[0].get_xydata().tolist() == [
        [place, rate] for place, rate in enumerate(means)
    ]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "5", "20", "never"]
    assert axes.get_title() == "es, sparsity 0.7"


def test_upstreams_and_schedules_have_panels_of_their_own(
    make_result: Callable[..., Result],
) -> None:
    figure = intervals(
        [
            *sweep(make_result, language="es", upstream="multi"),
            *sweep(make_result, language="es", upstream="mono"),
            *sweep(make_result, language="es", upstream="multi", freeze_updates=250),
        ]
    )
    assert figure is not None
    assert [axes.get_title() for axes in figure.axes] == [
        "es, multi, 0 frozen updates, sparsity 0.7",
        "es, mono, 0 frozen updates, sparsity 0.7",
        "es, multi, 250 frozen updates, sparsity 0.7",
    ]


def test_two_intervals_are_no_sweep(make_result: Callable[..., Result]) -> None:
    assert (
        intervals([one for one in sweep(make_result, language="es") if one.interval != 20]) is None
    )


@pytest.mark.parametrize("flips", [0, 1, 4733])
def test_a_line_that_does_not_change_is_apart_from_the_axes(flips: int) -> None:
    """A mask that grows evenly had its line on the upper one: the panel looked empty."""
    figure = adjusting(
        [Adjusting("es", "parp-p", 0.9, 5, 0, [0, 5, 10], [0, flips, flips], [1] * 3)]
    )
    assert figure is not None
    axes = figure.axes[0]
    low, high = axes.transLimits.transform(axes.transScale.transform([(0, 0), (0, flips)]))[:, 1]
    assert 0.02 < low <= high < 0.98
