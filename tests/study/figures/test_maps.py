from dataclasses import replace
from itertools import permutations

import numpy as np

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.figures.maps import language_map, transfer_maps
from parp_espnet.study.figures.points import MOST

LANGUAGES = ("es", "fr", "it")


def large(results: list[Result], languages: tuple[str, ...] = LANGUAGES) -> list[Result]:
    """More results than points can show: two arms, of which one has seeds."""
    dense, omp, *_ = results
    seeds = [
        replace(dense, seed=seed, error_rate=0.1 + 0.002 * seed)
        for seed in range(MOST // len(languages))
    ]
    return [replace(one, language=language) for language in languages for one in (*seeds, omp)]


def test_every_arm_in_every_language(results: list[Result]) -> None:
    found = large(results)
    joint = replace(results[0], recipe="egs2/cldr/joint", language=" ".join(LANGUAGES))
    # Whose mask is another language's has a matrix of its own, and a total is of no language.
    foreign = replace(results[-1], language="fr")
    ((_, figure),) = language_map([*found, joint, foreign]).values()
    axes = figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["dense", "omp"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list(LANGUAGES)
    mean = 100 * np.mean([0.1 + 0.002 * seed for seed in range(MOST // 3)])
    assert [text.get_text() for text in axes.texts] == [f"{mean:.1f}"] * 3 + ["12.0"] * 3


def test_few_languages_and_few_results_have_points(results: list[Result]) -> None:
    assert not language_map(large(results, LANGUAGES[:2]))
    assert not language_map(large(results)[::3])


def against_own(language: str, method: str, ratio: float, p: float, seed: int = 0) -> Comparison:
    return Comparison(language, 0.9, seed, 0, method, "omp", 0.0, (0.0, 0.0), ratio, None, p)


def test_every_mask_in_every_language_beside_the_masks_of_none() -> None:
    found = [
        # MPI's come below, wherever they are.
        against_own("es", "mpi", 1.5, 0.01), against_own("fr", "mpi", 1.6, 0.01),
        against_own("es", "transfer, mask of fr", 1.2, 0.01), against_own("fr", "transfer, mask "
                                                                                "of es", 1.1, 0.3),
        # A mean over seeds is bold where each seed tells the masks apart.
        against_own("es", "transfer, mask "
                          "of fr", 1.3, 0.04, seed=1), against_own("es", "mpi", 1.7, 0.06, seed=1),
        against_own("es", "parp", 1.4, 0.01), against_own("es", "parp, mask of fr", 1.0, 0.9),
        against_own("es", "parp, joint run", 0.5, 0.01),
    ]  # fmt: skip
    # One source's mask that adjusts makes no matrix.
    ((name, (caption, figure)),) = transfer_maps(
        Evidence(comparisons=found), "PER", "language"
    ).items()
    assert name == "transfer_transfer_0.9"
    assert "another language's mask, which is fixed" in caption
    axes = figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["es", "fr", "MPI"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["es", "fr"]
    cells = [(text.get_text(), text.get_fontweight()) for text in axes.texts]
    assert cells == [("1.10", "normal"), ("1.25", "bold"), ("1.60", "normal"), ("1.60", "bold")]


def test_the_own_mask_that_adjusts_is_on_the_diagonal() -> None:
    own = [
        against_own(language, "parp, finetuned mask", 0.9, 0.01) for language in ("es", "fr", "tr")
    ]
    assert not transfer_maps(Evidence(comparisons=own), "PER", "language")
    foreign = [
        against_own("es", "parp, mask of fr", 1.2, 0.01),
        against_own("fr", "parp, mask of es", 1.3, 0.01),
    ]
    ((_, (caption, figure)),) = transfer_maps(
        Evidence(comparisons=[*own, *foreign]), "PER", "language"
    ).items()
    assert "or on the diagonal its own, which adjusts" in caption
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.90", "1.30", "1.20", "0.90"]


def test_each_upstream_has_a_map_of_its_own() -> None:
    some = []
    for upstream, ratio in (("multi", 1.2), ("mono", 1.8)):
        for source, target in permutations(LANGUAGES, 2):
            found = against_own(target, f"transfer, mask of {source}", ratio, 0.01)
            some.append(replace(found, upstream=upstream))
    maps = transfer_maps(Evidence(comparisons=some), "PER", "language")
    assert list(maps) == ["transfer_transfer_0.9_multi", "transfer_transfer_0.9_mono"]
    for (_, figure), shown in zip(maps.values(), ("1.20", "1.80"), strict=True):
        assert {text.get_text() for text in figure.axes[0].texts} == {shown}
    alone = transfer_maps(Evidence(comparisons=some[:6]), "PER", "language")
    assert list(alone) == ["transfer_transfer_0.9"]
