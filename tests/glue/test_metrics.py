"""Scores are scikit-learn's and SciPy's."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from parp_espnet.glue.metrics import METRICS, error_interval
from parp_espnet.glue.score import compare

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 200).astype(float)
FOUND = np.where(RNG.random(200) < 0.8, LABELS, 1 - LABELS)
NUMBERS = 5 * RNG.random(200)
GUESSED = NUMBERS + RNG.normal(size=200)


@pytest.mark.parametrize(
    ("name", "labels", "found", "wanted"),
    [
        ("accuracy", LABELS, FOUND, metrics.accuracy_score(LABELS, FOUND)),
        ("f1", LABELS, FOUND, metrics.f1_score(LABELS, FOUND)),
        ("matthews", LABELS, FOUND, metrics.matthews_corrcoef(LABELS, FOUND)),
        ("pearson", NUMBERS, GUESSED, stats.pearsonr(NUMBERS, GUESSED).statistic),
        ("spearman", NUMBERS, GUESSED, stats.spearmanr(NUMBERS, GUESSED).statistic),
    ],
)
def test_scores_and_intervals(name, labels, found, wanted):
    metric = METRICS[name]
    assert metric.score(labels, found) == pytest.approx(wanted)
    low, high = metric.interval(labels, found)
    assert low < wanted < high
    assert high - low < 0.25
    assert error_interval(metric, labels, found) == (1 - high, 1 - low)
    assert metric.score(labels, labels) == pytest.approx(1)


@pytest.mark.parametrize("name", ["matthews", "pearson", "spearman"])
def test_what_says_always_the_same_scores_nothing(name: str):
    constant = np.full(200, 0.1)
    assert METRICS[name].score(LABELS, constant) == 0
    assert METRICS[name].interval(LABELS, constant) == (0, 0)


def test_a_better_system_is_known_as_one():
    better = np.where(RNG.random(200) < 0.95, LABELS, 1 - LABELS)
    found = METRICS["matthews"].compare(LABELS, better, FOUND)
    assert found.p < 0.05
    assert found.difference_interval[0] < found.difference < found.difference_interval[1] < 0
    same = METRICS["matthews"].compare(LABELS, FOUND, FOUND)
    assert (same.difference, same.p) == (0, 1)


def test_two_predictions_are_compared_on_samples_of_a_seed(tmp_path: Path) -> None:
    rows = [("no", "no", "yes"), ("yes", "yes", "yes"), ("no", "yes", "no"), ("no", "no", "yes")]
    files = tmp_path / "one.tsv", tmp_path / "other.tsv"
    for number, file in enumerate(files, start=1):
        lines = ["id\tlabel\tprediction"]
        for place, row in enumerate(rows * 3):
            lines.append(f"e{place}\t{row[0]}\t{row[number]}")
        file.write_text("\n".join(lines) + "\n")
    found = [compare(*files, "accuracy", seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] == compare(*files, "accuracy")
    assert found[0].difference == found[2].difference
    assert found[0].p != found[2].p
