"""Seeds are results that differ in nothing else: whatever differs has a column, a name and a line
of its own.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.comparable import ranking_options
from parp_espnet.study.figures.curves import curves
from parp_espnet.study.figures.maps import file_of
from parp_espnet.study.figures.points import arms_of
from parp_espnet.study.names import conditions
from parp_espnet.study.table import means, table
from parp_espnet.study.variants import Differences

OPTIONS: dict[str, object] = {
    "scope": "layer", "prune_biases": False, "prune_pattern": "x", "lr": 0.001,
    "mask_time_prob": 0.3,
    "speed_perturb_factors": "0.9 1 1.1", "train_config.grad_clip": 7, "layerdrop": 0.1,
    "min_wav_duration": 1.0,
    "ngram_num": 4, "valid_set": "other", "max_length": 9,
}  # fmt: skip


def three_seeds(make_result: Callable[..., Result], rate: float, **options: object) -> list[Result]:
    """Three seeds of PARP at two sparsities in three languages, and the dense models."""
    made = []
    for language in ("es", "fr", "tr"):
        for method, sparsity in (("dense", 0.0), ("parp", 0.5), ("parp", 0.7)):
            for seed in (0, 1, 2):
                made.append(
                    make_result(
                        recipe=f"egs2/cldr/{language}", language=language, method=method, seed=seed,
                        sparsity_target=sparsity, sparsity_measured=sparsity, error_rate=rate,
                        interval=None if method == "dense" else 5, ci95=(rate - 0.01, rate + 0.01),
                        options=options,
                    )
                )  # fmt: skip
    return made


def labels(figure: object) -> set[str]:
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", OPTIONS)
def test_two_values_of_an_option_are_two_arms_and_not_averaged(
    name: str, make_result: Callable[..., Result]
) -> None:
    usual = three_seeds(make_result, 0.2)
    other = three_seeds(make_result, 0.4, **{name: OPTIONS[name]})
    results = [*usual, *other]
    pruned = [one for one in results if one.method == "parp"]
    value = Differences.of(results).value(name, other[0])
    called = f"parp, {name} {value}"
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table(results).splitlines()
    ]
    column = rows[0].index(name)
    assert {row[column] for row in rows[2:]} == {"default", value}
    told = means(results)
    assert f"| {called} | 0.5 | 300 | 3 | 0.4000 |" in told
    assert "| parp | 0.5 | 300 | 3 | 0.2000 |" in told
    assert called in {arm.split(", sparsity")[0] for arm in arms_of(pruned)}
    figure = curves(results)
    assert figure is not None
    assert {"parp", called} <= labels(figure)


def test_a_pattern_is_called_as_the_option_is(make_result: Callable[..., Result]) -> None:
    """An experiment has it as its scope."""
    usual, other = three_seeds(make_result, 0.2), three_seeds(make_result, 0.4, scope="2:4")
    differences = Differences.of([*usual, *other])
    assert differences.names == ("pattern",)
    assert differences.pruning(other[-1]) == "pattern 2:4"
    assert ranking_options(other[-1]) != ranking_options(usual[-1])


def test_three_scopes_are_three_rows_and_three_lines(make_result: Callable[..., Result]) -> None:
    results = three_seeds(make_result, 0.1)
    for scope in ("layer", "tensor"):
        results += [
            one for one in three_seeds(make_result, 0.2, scope=scope) if one.method == "parp"
        ]
    seeds = [
        one
        for one in results
        if one.seed == 0 and one.language == "es" and one.sparsity_target == 0.5
    ]
    lines = table(seeds).splitlines()[2:]
    assert len(set(lines)) == 3
    figure = curves(results)
    assert figure is not None
    assert labels(figure) == {"dense", "parp", "parp, scope layer", "parp, scope tensor"}
    styles = {
        (line.get_color(), line.get_linestyle(), line.get_marker()) for line in figure.axes[0].lines
    }
    assert len(styles) >= 4


def by_rates(make_result: Callable[..., Result], files: Callable[[Result], str]) -> list[Result]:
    """PARP usually and with a file of rates."""
    usual = three_seeds(make_result, 0.2)
    pruned = [one for one in usual if one.method == "parp"]
    with_rates = [replace(one, options={"scope": f"rates {files(one)}"}) for one in pruned]
    return [*usual, *with_rates]


def test_rates_of_each_language_and_sparsity_are_one_arm(
    make_result: Callable[..., Result],
) -> None:
    """A file of rates is made for one model and sparsity: it is no difference between arms."""
    results = by_rates(make_result, lambda one: f"{one.language}{one.sparsity_target}")
    figure = curves(results)
    assert figure is not None
    assert labels(figure) == {"dense", "parp", "parp, scope rates"}
    assert Differences.of(results).values(results[-1]) == ["rates"]


def test_two_files_of_rates_in_one_language_are_two_arms(
    make_result: Callable[..., Result],
) -> None:
    one = by_rates(make_result, lambda one: f"{one.language}{one.sparsity_target}")
    other = by_rates(make_result, lambda one: "other")[-1]
    figure = curves([*one, other])
    assert figure is not None
    assert {"parp, scope rates tr0.5", "parp, scope rates other"} < labels(figure)
    # Nor are seeds with a file each averaged.
    seeds = by_rates(make_result, lambda one: str(one.seed))
    assert Differences.of(seeds).values(seeds[-1]) == ["rates 2"]


def test_seeds_of_results_that_differ_in_nothing_else_are_averaged(
    make_result: Callable[..., Result],
) -> None:
    results = three_seeds(make_result, 0.2, scope="layer", seed=1, ngpu=1, mboshi="/data/mboshi")
    assert Differences.of(results).names == ()
    # Where a corpus lies, and on what a run was made, is no option of it.
    elsewhere = three_seeds(make_result, 0.2, scope="layer", seed=2, mboshi="/scratch/mboshi")
    assert Differences.of([*results, *elsewhere]).names == ()
    assert conditions(results[0]) == conditions(elsewhere[0])
    # More processes are other batches.
    assert Differences.of(
        [*results, replace(elsewhere[0], options={"scope": "layer", "ngpu": 4})]
    ).names == ("ranks",)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"train_minutes": 60.0}, "minutes"),
        ({"dataset": "test2"}, "dataset"),
        ({"metric": "cer"}, "metric"),
        ({"merges": {"a": "b"}}, "merged"),
        ({"train_sha256": "b" * 64}, "training data"),
        ({"reference_sha256": "b" * 64}, "references"),
        ({"device": "NVIDIA H200"}, "trained on"),
    ],
)
def test_fields_tell_results_apart_as_options_do(
    change: dict[str, object], name: str, make_result: Callable[..., Result]
) -> None:
    digests = {"train_sha256": "a" * 64, "reference_sha256": "a" * 64}
    known = [replace(one, **digests, device="cpu") for one in three_seeds(make_result, 0.2)]
    other = [replace(one, **change) for one in known]
    assert Differences.of([*known, *other]).names == (name,)
    assert name in table([*known, *other]).splitlines()[0]
    figure = curves([*known, *other])
    assert figure is not None
    assert len(labels(figure)) == 4


def test_what_a_recipe_always_has_is_no_difference(make_result: Callable[..., Result]) -> None:
    es = three_seeds(make_result, 0.2)[:9]
    mb = [
        replace(
            one, recipe="egs2/mboshi/mb", language="mb", train_minutes=13.0, options={"lr": 4e-4}
        )
        for one in es
    ]
    assert Differences.of([*es, *mb]).names == ()


def test_who_prunes_nothing_has_no_ranking(make_result: Callable[..., Result]) -> None:
    dense = make_result(method="dense", sparsity_target=0.0, options={})
    pruned = make_result(method="mpi", options={"prune_pattern": "x"})
    assert Differences.of([dense, pruned]).names == ()
    assert Differences.of([dense, pruned, replace(pruned, method="omp", options={})]).names == (
        "prune_pattern",
    )
    grown = make_result(method="parp-p", options={"start_sparsity": 0.1})
    # Other methods have no start of theirs.
    assert Differences.of([dense, grown, make_result(method="parp", options={})]).names == ()
    later = replace(grown, options={"start_sparsity": 0.2})
    assert Differences.of([dense, grown, later]).names == ("start_sparsity",)


def test_what_another_model_calls_its_pool_is_no_difference(
    make_result: Callable[..., Result],
) -> None:
    named = make_result(method="mpi", upstream="minilm", options={"prune_pattern": "x"})
    other = make_result(method="mpi", upstream="xlnet", options={})
    assert Differences.of([named, other]).names == ()
    two = [named, other, replace(named, options={"prune_pattern": "y"})]
    assert Differences.of(two).names == ("prune_pattern",)


@pytest.mark.parametrize(
    ("rate", "told"),
    [(1e7, "10000000"), (1e5, "100000"), (3.0, "3"), (0.002, "0.002"), (1e-6, "1e-06"), (0.0, "0")],
)
def test_a_large_number_is_not_told_as_a_small_one_in_a_files_name(
    rate: float, told: str, make_result: Callable[..., Result]
) -> None:
    results = [
        make_result(method="movement", options={"score_lr": value}) for value in (rate, 30.0)
    ]
    line = Differences.of(results).all(results[0])
    assert line == f"score_lr {told}"
    assert file_of(line) == f"score-lr-{told.replace('.', '-')}"


def test_two_masks_that_nothing_else_tells_apart_are_told_by_their_hashes(
    make_result: Callable[..., Result],
) -> None:
    def given(sha256: str, seed: int = 0) -> Result:
        origin = {"source": "finetuned", "language": "tr", "seed": seed, "sha256": sha256 * 64}
        return make_result(
            method="transfer", seed=seed, mask_origin=origin, options={"initial_mask": "x"}
        )

    assert Differences.of([given("a"), given("b", seed=1)]).names == ()
    both = Differences.of([given("a"), given("b")])
    assert both.names == ("first mask",)
    assert both.all(given("b")) == "first mask bbbbbbbb"


def test_results_of_before_are_seeds_of_each_other(make_result: Callable[..., Result]) -> None:
    old = [make_result(seed=seed) for seed in (0, 1)]
    assert Differences.of(old).names == ()
    assert conditions(old[0], but="seed") == conditions(old[1], but="seed")


@pytest.mark.parametrize("devices", [("cpu", None), ("NVIDIA H200", "NVIDIA A100"), (None, None)])
def test_what_is_not_known_and_another_gpu_are_no_difference(
    make_result: Callable[..., Result], devices: tuple[str | None, str | None]
) -> None:
    one, other = (
        make_result(device=device, seed=seed, options={}) for seed, device in enumerate(devices)
    )
    assert Differences.of([one, other]).names == ()


@pytest.mark.parametrize("odd", ["two", True, 1.5, 10**400])
def test_odd_numbers_of_ranks_are_no_defect(
    make_result: Callable[..., Result], odd: bool | int | float | str
) -> None:
    table([make_result(options={"num_nodes": odd, "ngpu": odd})])
