from dataclasses import replace

from parp_espnet.study.evidence import Training
from parp_espnet.study.figures.training import MOST_MASKS, training


def run(method: str, language: str = "es") -> Training:
    return Training(language, method, 0.5, 0, [10, 20, 30], [0.5, 0.2, 0.3], [9.0, 5.0, 6.0])


def labels(methods: list[str]) -> dict[str, str]:
    """The line of every label in the legend."""
    figure = training([run(method) for method in methods])
    assert figure is not None
    return {str(line.get_label()): str(line.get_linestyle()) for line in figure.axes[0].get_lines()}


def test_a_few_masks_from_elsewhere_have_lines_of_their_own() -> None:
    found = labels(["dense", "transfer, mask of tr", "transfer, mask of fr"])
    assert found == {"dense": "-", "transfer, mask of tr": "--", "transfer, mask of fr": "-."}


def test_many_have_one() -> None:
    methods = [f"parp, mask of {number}" for number in range(MOST_MASKS + 1)]
    assert labels(["parp", *methods]) == {"parp": "-", "parp, masks from elsewhere": "--"}


def test_upstreams_have_lines_of_their_own() -> None:
    figure = training(
        [replace(run("dense"), upstream=upstream) for upstream in ("multi", "mono", "multi")]
    )
    assert figure is not None
    lines = figure.axes[0].get_lines()
    assert [(line.get_label(), line.get_linestyle()) for line in lines] == [
        ("dense, multi", "-"), ("dense, mono", "--"), ("dense, multi", "-"),
    ]  # fmt: skip


def test_the_mark_is_the_model_chosen() -> None:
    """The best on dev; the last one of a method whose sparsity grows, as all others are less
    sparse.
    """
    figure = training([run("parp"), run("parp-p")])
    assert figure is not None
    marked = [line.get_markevery() for line in figure.axes[0].get_lines()]
    assert marked == [[1], [2]]
