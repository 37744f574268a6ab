from dataclasses import replace
from pathlib import Path

from parp_espnet.scoring.result import Result
from parp_espnet.study.figures.points import MOST, arms_of, points
from parp_espnet.study.figures.style import save


def test_the_same_results_give_the_same_bytes(results: list[Result], tmp_path: Path) -> None:
    figures = [points(results), points(results)]
    assert figures[0] is not None
    assert figures[1] is not None
    one, other = save(figures[0], tmp_path / "a", "per"), save(figures[1], tmp_path / "b", "per")
    assert [path.name for path in one] == ["per.png", "per.svg"]
    for left, right in zip(one, other, strict=True):
        assert left.read_bytes() == right.read_bytes()
    assert one[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in one[1].read_text()


def test_a_study_of_one_dense_model_is_drawn_and_a_large_one_is_not(results: list[Result]) -> None:
    assert points(results[:1]) is not None
    assert points(results * MOST) is None


def test_of_joint_runs_the_whole_is_drawn_where_there_are_too_many(results: list[Result]) -> None:
    """A study of three joint models and what began with them had no such figure."""
    languages = [f"l{number}" for number in range(MOST + 1)]
    parts = []
    for language in languages:
        parts.append(replace(results[0], language=language, train_languages=languages))
    whole = replace(parts[0], language=" ".join(languages))
    figure = points([*results, whole, *parts])
    assert figure is not None
    drawn = {label.get_text() for axes in figure.axes for label in axes.get_xticklabels()}
    assert drawn == {whole.language, *(result.language for result in results)}
    assert points(parts) is None


def test_arms_of_one_method_are_told_apart(results: list[Result]) -> None:
    omp = results[1]
    several = [*results, replace(omp, sparsity_target=0.9), replace(omp, freeze_updates=250)]
    called = arms_of(several)
    assert [called[place] for place in (0, 1, -2, -1)] == [
        "dense",
        "omp, sparsity 0.6, 0 frozen",
        "omp, sparsity 0.9, 0 frozen",
        "omp, sparsity 0.6, 250 frozen",
    ]


def test_languages_of_errors_of_different_sizes_have_scales_of_their_own(
    results: list[Result],
) -> None:
    """Mboshi's of .6 would leave nothing to be seen of Spanish's of .06."""
    small = [replace(result, language="es") for result in results]
    alike = [replace(result, language="fr") for result in results]
    large = []
    for result in results:
        rate = 10 * result.error_rate
        large.append(
            replace(result, language="mb", error_rate=rate, ci95=(rate - 0.01, rate + 0.01))
        )
    together, apart = points([*small, *alike]), points([*small, *large])
    assert together is not None
    assert apart is not None
    assert len(together.axes) == 1
    languages = [axes.get_xticklabels()[0].get_text() for axes in apart.axes]
    assert languages == ["es", "mb"]
    highest = [axes.get_ylim()[1] for axes in apart.axes]
    assert highest[1] > 5 * highest[0]
    assert apart.get_suptitle().endswith("each language on a scale of its own")
    (before,), (legend,) = together.legends, apart.legends
    entries = [text.get_text() for text in legend.get_texts()]
    assert entries == [text.get_text() for text in before.get_texts()]


def test_many_scales_of_their_own_take_rows(results: list[Result]) -> None:
    many = []
    for number, language in enumerate("abcdefg"):
        for result in results:
            rate = min(0.9, result.error_rate * (number + 1))
            many.append(replace(result, language=language, error_rate=rate, ci95=(rate, rate)))
    figure = points(many)
    assert figure is not None
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_xticklabels()[0].get_text() for axes in shown] == list("abcdefg")
    assert {axes.get_subplotspec().rowspan.start for axes in shown} == {0, 1}


def test_an_upstream_that_is_an_experiment_is_called_by_its_recipe_and_method(
    results: list[Result],
) -> None:
    path = "../../cldr/joint/exp/phn_parp-p_s0.9_n5_multi_train_10min_u900_seed0"
    warm = replace(results[0], upstream=path)
    assert arms_of([results[0], warm])[1] == "from cldr/joint (parp-p s0.9), dense"
    # Two that would be called alike keep their paths: they are not one arm.
    other = replace(warm, upstream=path.replace("u900", "u100"))
    assert arms_of([warm, other]) == [f"{path}, dense", f"{other.upstream}, dense"]


def test_training_data_are_told_where_they_differ(results: list[Result]) -> None:
    """Two joint runs of other languages do not make a word of what each language's recipe has."""
    digests = [replace(results[0], recipe="egs2/cldr/es", train_sha256="a" * 64)]
    for digest in ("b", "c"):
        digests.append(replace(results[0], recipe="egs2/cldr/joint", train_sha256=digest * 64))
    called = arms_of(digests)
    assert called[0] == "dense"
    assert called[1] == "dense, joint run, training data bbbbbbbb"
    assert called[2] == "dense, joint run, training data cccccccc"
