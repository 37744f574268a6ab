from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.figures.amounts import amounts

HOURS = {10.0: 300, 60.0: 375, 600.0: 500}
"""Updates for each number of minutes: with more speech there are more."""


@pytest.fixture
def hours(make_result: Callable[..., Result]) -> list[Result]:
    """One language, dense and PARP at two sparsities, two seeds of ten minutes, one of more."""
    arms = [("dense", 0.0), ("parp", 0.5), ("parp", 0.8)]
    made = []
    for (minutes, updates), (method, sparsity), seed in product(HOURS.items(), arms, (0, 1)):
        if seed and minutes > 10:
            continue
        rate = (0.1 + sparsity / 10) * 10 / minutes
        made.append(
            make_result(
                recipe="egs2/cldr/en",
                language="en",
                method=method,
                sparsity_target=sparsity,
                sparsity_measured=sparsity,
                interval=5 if method == "parp" else None,
                iou_initial_final=0.9,
                error_rate=rate,
                ci95=(0.9 * rate, 1.1 * rate),
                train_minutes=minutes,
                updates=updates,
                seed=seed,
            )
        )
    return made


def told(figure: Figure | None) -> dict[str, dict[str, list[float]]]:
    """The amounts of each line, by its label, by its panel's title."""
    assert figure is not None
    lines: dict[str, dict[str, list[float]]] = {}
    for axes in figure.axes:
        for line in axes.get_lines():
            if not str(line.get_label()).startswith("_"):
                shown = lines.setdefault(axes.get_title(), {})
                shown[str(line.get_label())] = [float(place) for place in line.get_xdata()]
    return lines


def test_dense_is_beside_each_sparsity_and_updates_belong_to_the_minutes(
    hours: list[Result],
) -> None:
    figure = amounts(hours)
    line = {"dense": [10.0, 60.0, 600.0], "parp": [10.0, 60.0, 600.0]}
    assert told(figure) == {"en, sparsity 0.5": line, "en, sparsity 0.8": line}
    assert figure is not None
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == ["10", "60", "600"]


@pytest.mark.parametrize(
    ("minutes", "rotation"), [((10.0, 60.0, 600.0), 0.0), ((9.0, 10.0, 60.0), 90.0)]
)
def test_near_amounts_are_written_upwards(
    hours: list[Result], minutes: tuple[float, ...], rotation: float
) -> None:
    others = dict(zip(HOURS, minutes, strict=True))
    figure = amounts([replace(one, train_minutes=others[one.train_minutes or 0]) for one in hours])
    assert figure is not None
    assert {tick.get_rotation() for tick in figure.axes[0].get_xticklabels()} == {rotation}


def test_several_numbers_of_updates_on_the_same_minutes_are_lines(hours: list[Result]) -> None:
    more = [replace(one, updates=900) for one in hours if one.method == "dense"]
    shown = told(amounts([*hours, *more]))["en, sparsity 0.5"]
    assert shown["dense, 900 updates"] == [10.0, 60.0, 600.0]


def test_dense_alone_is_one_panel(hours: list[Result]) -> None:
    dense = [one for one in hours if one.method == "dense"]
    assert told(amounts(dense)) == {"en": {"dense": [10.0, 60.0, 600.0]}}


def test_text_has_examples(hours: list[Result]) -> None:
    def of_text(one: Result) -> Result:
        return replace(
            one,
            train_minutes=None,
            train_examples=int(one.train_minutes or 0),
            metric="accuracy",
            language=None,
        )

    figure = amounts([of_text(one) for one in hours])
    assert figure is not None
    assert figure.axes[0].get_xlabel() == "examples"
    assert [*told(figure)] == ["sparsity 0.5", "sparsity 0.8"]


@pytest.mark.parametrize(
    "left",
    [
        lambda one: one.train_minutes == 10.0,
        lambda one: one.train_minutes == (10.0 if one.method == "dense" else 60.0),
    ],
    ids=["one amount", "one amount of each method"],
)
def test_nothing_is_drawn_of_one_amount(
    hours: list[Result], left: Callable[[Result], bool]
) -> None:
    assert amounts([one for one in hours if left(one)]) is None


def test_unknown_amounts_and_masks_from_elsewhere_are_left_out(hours: list[Result]) -> None:
    given = [replace(one, initial_mask="egs2/cldr/es/exp/mask") for one in hours if one.interval]
    unknown = [replace(one, train_minutes=None) for one in hours]
    assert told(amounts([*hours, *given, *unknown])) == told(amounts(hours))
