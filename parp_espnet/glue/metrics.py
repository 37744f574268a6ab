"""GLUE's metrics, as functions of sums over examples, so that a bootstrap over examples is a few
sums as well.

All are scores: 1 is perfect. Where a score is not defined, since all predictions or all labels are
the same, it is 0:
such predictions tell nothing of the labels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.scoring.bootstrap import RESAMPLES, Paired, paired, percentiles, sums

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """A score."""

    columns: Callable[[Values, Values], Sequence[Values]]
    """(labels, predictions), (examples,) each → what is summed over the examples."""
    of_sums: Callable[..., Values]
    """The sums of these columns, (samples,) each → the score, (samples,)."""

    def score(self, labels: Values, predictions: Values) -> float:
        """Return the score of predictions."""
        summed = [np.array([column.sum()]) for column in self.columns(labels, predictions)]
        return float(self.of_sums(*summed)[0])

    def interval(self, labels: Values, predictions: Values, seed: int = 0) -> tuple[float, float]:
        """Return the 95 % percentile interval of the score over examples drawn with replacement."""
        return percentiles(
            self.of_sums(*sums(self.columns(labels, predictions), seed, RESAMPLES)), 0.95
        )

    def compare(self, labels: Values, predictions: Values, others: Values, seed: int = 0) -> Paired:
        """Compare two systems on the same examples by their error rates, 1 − score; see
        `bootstrap.Paired`.
        """
        columns = self.columns(labels, predictions)
        drawn = sums([*columns, *self.columns(labels, others)], seed, RESAMPLES)
        first = 1 - self.of_sums(*drawn[: len(columns)])
        second = 1 - self.of_sums(*drawn[len(columns) :])
        error, reference = 1 - self.score(labels, predictions), 1 - self.score(labels, others)
        ratio = error / reference if reference else None
        return paired(error - reference, ratio, first - second, first, second, len(labels))


def _rights(labels: Values, predictions: Values) -> list[Values]:
    """How many there are, and how many are right."""
    return [np.ones_like(labels), (labels == predictions).astype(float)]


def _positives(labels: Values, predictions: Values) -> list[Values]:
    """Of labels that are 0 or 1: where both are 1, the labels, the predictions."""
    return [labels * predictions, labels, predictions]


def _divide(above: Values, below: Values) -> Values:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _moments(x: Values, y: Values) -> list[Values]:
    # Sums of squares lose their digits far from 0.
    x, y = x - x.mean(), y - y.mean()
    return [np.ones_like(x), x, y, x * x, y * y, x * y]


def _correlation(n: Values, x: Values, y: Values, xx: Values, yy: Values, xy: Values) -> Values:
    spread = np.maximum(n * xx - x * x, 0) * np.maximum(n * yy - y * y, 0)
    # What is left of a spread that is 0 is rounding.
    correlation = _divide(n * xy - x * y, np.sqrt(np.where(spread > 1e-12 * n**4, spread, 0)))
    return np.clip(correlation, -1, 1)


def _ranks(labels: Values, predictions: Values) -> list[Values]:
    from scipy.stats import rankdata  # noqa: PLC0415  # it takes a second

    return _moments(rankdata(labels) / len(labels), rankdata(predictions) / len(predictions))


METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(_rights, lambda n, right: right / n),
    # Of class 1, as in GLUE.
    "f1": Metric(_positives, lambda both, a, b: _divide(2 * both, a + b)),
    # The coefficient of two classes is Pearson's of 0 and 1 (Matthews 1975).
    "matthews": Metric(_moments, _correlation),
    "pearson": Metric(_moments, _correlation),
    # In a bootstrap each example keeps its rank among all.
    "spearman": Metric(_ranks, _correlation),
}


def error_interval(metric: Metric, labels: Values, predictions: Values) -> tuple[float, float]:
    """Return the 95 % interval of the error rate, 1 − score."""
    low, high = metric.interval(labels, predictions)
    return 1 - high, 1 - low
