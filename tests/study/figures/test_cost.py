from dataclasses import replace

import pytest

from parp_espnet.study.evidence import Cost
from parp_espnet.study.figures.cost import cost

RUNS = {"dense": 1, "mpi": 1, "parp": 1, "omp": 2, "imp": 6}
ONCE = ("dense", "rp", "mpi", "parp", "parp-p")


def costs(
    freeze_updates: int, *methods: str, sparsities: tuple[float, ...] = (0.5, 0.7)
) -> list[Cost]:
    return [
        Cost(
            "es",
            method,
            sparsity,
            seed,
            freeze_updates,
            0.1 + 0.01 * seed,
            300 * RUNS.get(method, 1),
            RUNS.get(method, 1),
            None,
        )
        for method in methods
        for sparsity in ((0.0,) if method == "dense" else sparsities)
        for seed in (0, 1)
    ]


def test_a_row_for_each_schedule() -> None:
    figure = cost([*costs(0, *RUNS), *costs(250, "dense", "mpi", "omp", sparsities=(0.5,))])
    assert figure is not None
    assert [axes.get_title() for axes in figure.axes] == [
        "es, 0 frozen updates",
        "es, 250 frozen updates",
    ]
    # Ticks are the costs, of both rows: methods of one cost are beside it.
    assert [axes.get_xticks().tolist() for axes in figure.axes] == [[300, 600, 1800]] * 2


@pytest.mark.parametrize("methods", [tuple(RUNS), ONCE])
def test_every_point_is_inside(methods: tuple[str, ...]) -> None:
    """Rows share their axis of updates: a row without IMP once hid it in the other; and five of one
    cost need room.
    """
    figure = cost([*costs(0, *methods), *costs(250, "dense", "mpi", "parp", sparsities=(0.5,))])
    assert figure is not None
    for axes in figure.axes:
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        for line in axes.get_lines():
            assert all(left < x < right and low <= y < high for x, y in line.get_xydata())


def test_points_are_means_over_seeds_and_methods_of_one_cost_are_apart() -> None:
    figure = cost(costs(0, *RUNS, sparsities=(0.5,)))
    assert figure is not None
    places = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].get_lines()}
    assert {y for points in places.values() for _, y in points} == {10.5}
    assert len({x for name in ("dense", "mpi", "parp") for x, _ in places[name]}) == 3
    assert places["imp"] == [[1800, 10.5]]


def test_where_labels_would_cover_each_other_one_is_left_out() -> None:
    figure = cost(costs(0, *RUNS))
    assert figure is not None
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.5"] * 4


def test_many_languages_take_several_rows() -> None:
    languages = ["es", "fr", "it", "ky", "nl", "ru"]
    figure = cost(
        [replace(one, language=language) for language in languages for one in costs(0, *RUNS)]
    )
    assert figure is not None
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == languages
    # Each column's lowest panel has the numbers of its axis.
    figure.draw_without_rendering()
    numbered = [axes for axes in shown if axes.xaxis.get_ticklabels()]
    assert [axes.get_title() for axes in numbered] == ["it", "ky", "nl", "ru"]
    assert {axes.get_xlabel() for axes in numbered} == {"updates of all finetunings"}


def test_masks_from_elsewhere_are_left_out() -> None:
    found = [*costs(0, *RUNS), *costs(0, "transfer, mask of tr", "omp, joint run")]
    figure = cost(found)
    assert figure is not None
    assert {line.get_label() for line in figure.axes[0].get_lines()} == set(RUNS)


def test_too_few_methods() -> None:
    assert cost(costs(0, "dense", "mpi")) is None


def test_an_upstream_that_is_an_experiment_has_a_name() -> None:
    path = "../../cldr/joint/exp/phn_dense_multi_train_10min_u1000_seed0"
    runs = [replace(run, conditions=path) for run in costs(0, *RUNS)]
    figure = cost(runs, upstreams={"multi": "multi", path: "from cldr/joint (dense)"})
    assert figure is not None
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert "dense, from cldr/joint (dense)" in labels
    assert not any("exp/" in label for label in labels)
