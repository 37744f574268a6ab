from dataclasses import replace

import numpy as np

from parp_espnet.scoring.result import Result
from parp_espnet.study.figures.maps import language_map
from parp_espnet.study.figures.points import MOST

LANGUAGES = ("es", "fr", "it")


def large(results: list[Result], languages: tuple[str, ...] = LANGUAGES) -> list[Result]:
    """More results than points can show: two arms, of which one has seeds."""
    dense, omp, *_ = results
    seeds = [replace(dense, seed=seed, error_rate=0.1 + 0.002 * seed) for seed in range(MOST // len(languages))]
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
