"""How far an error rate could move with another sample of utterances (Bisani and Ney,
ICASSP 2004).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
_BLOCK = 4_000_000  # Numbers drawn at a time: 32 MB of them, however many utterances there are.


@dataclass(frozen=True)
class Paired:
    """Two systems on the same utterances: how their pooled error rates differ, with percentile
    intervals.

    `difference` is the first rate less the second, `ratio` the first over the second. A ratio is
    None where the second system makes no error, its interval where it makes none in a sample that
    was drawn.
    """

    difference: float
    difference_interval: tuple[float, float]
    ratio: float | None
    ratio_interval: tuple[float, float] | None
    p: float
    """Two-sided: twice the share of samples in which the difference is 0 or has the other sign, at
    most 1. Below 0.05 the 95 % interval of the difference does not hold 0. It is never below what
    so few examples can tell: each is as likely to favour either of two equal systems, and all of n
    favour the same one with a probability of 2 ** (1 - n).
    """


def interval(
    errors: Sequence[int],
    lengths: Sequence[int],
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the percentile interval of the pooled error rate over utterances drawn with
    replacement.

    Args:
        errors: errors of each utterance.
        lengths: reference phones of each utterance, in the same order; at least one in each.

    The same seed gives the same interval, whatever the machine's size.
    """
    drawn, length = sums([errors, lengths], seed, resamples)
    return percentiles(drawn / length, confidence)


def paired_interval(
    errors: Sequence[int],
    others: Sequence[int],
    lengths: Sequence[int],
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Paired:
    """Compare two systems over utterances drawn with replacement, the same ones for both.

    Args:
        errors: errors of the first system in each utterance.
        others: errors of the second system in the same utterances.
        lengths: reference phones of each utterance; at least one in each.

    For p, one sample more than was drawn counts as contrary, so that it is never 0 (Davison and
    Hinkley 1997, 4.2). The same seed draws the same samples as for `interval`.
    """
    first, second, length = sums([errors, others, lengths], seed, resamples)
    total, other = sum(errors), sum(others)
    difference = (total - other) / sum(lengths)
    ratio = total / other if other else None
    differences = (first - second) / length
    return paired(difference, ratio, differences, first, second, len(lengths), confidence)


def paired(
    difference: float,
    ratio: float | None,
    differences: NDArray[np.float64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    examples: int,
    confidence: float = 0.95,
) -> Paired:
    """Return a comparison from what was drawn.

    Args:
        difference, ratio: of the two systems' error rates, on all examples.
        differences: of their error rates in each sample, (samples,).
        first, second: their errors, or error rates, in each sample, (samples,).
        examples: how many there are to draw from.
    """
    contrary = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    drawn = 2 * (1 + int(contrary)) / (1 + len(differences))
    return Paired(
        difference=difference,
        difference_interval=percentiles(differences, confidence),
        ratio=ratio,
        ratio_interval=percentiles(first / second, confidence) if second.all() else None,
        p=min(1.0, max(drawn, 2.0 ** (1 - examples))),
    )


def sums(
    columns: Sequence[Sequence[float] | NDArray[np.float64]], seed: int, resamples: int
) -> list[NDArray[np.float64]]:
    """Return each column's sum over the utterances, or other examples, of every sample,
    (resamples,).
    """
    values, totals = [], []
    for column in columns:
        values.append(np.asarray(column, np.float64))
        totals.append(np.empty(resamples))
    for begin, drawn in _samples(len(values[0]), seed, resamples):
        for value, total in zip(values, totals, strict=True):
            total[begin : begin + len(drawn)] = value[drawn].sum(axis=1)
    return totals


def _samples(count: int, seed: int, resamples: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield blocks of samples, (samples, count) utterances each, with the number of the block's
    first.
    """
    random = np.random.default_rng(seed)
    step = max(1, _BLOCK // count)
    for begin in range(0, resamples, step):
        yield begin, random.integers(0, count, size=(min(step, resamples - begin), count))


def percentiles(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the interval that leaves out equal shares of the values on both sides."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
