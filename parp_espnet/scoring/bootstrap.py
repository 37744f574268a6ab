"""How far an error rate could move with another sample of utterances (Bisani and Ney, ICASSP 2004)."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000
_BLOCK = 4_000_000  # Numbers drawn at a time: 32 MB of them, however many utterances there are.


def interval(
    errors: Sequence[int],
    lengths: Sequence[int],
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the percentile interval of the pooled error rate over utterances drawn with replacement.

    Args:
        errors: errors of each utterance.
        lengths: reference phones of each utterance, in the same order; at least one in each.

    The same seed gives the same interval, whatever the machine's size.
    """
    error, length = np.asarray(errors, np.float64), np.asarray(lengths, np.float64)
    count = len(error)
    random = np.random.default_rng(seed)
    rates = np.empty(resamples)
    step = max(1, _BLOCK // count)
    for begin in range(0, resamples, step):
        drawn = random.integers(0, count, size=(min(step, resamples - begin), count))
        rates[begin : begin + len(drawn)] = error[drawn].sum(axis=1) / length[drawn].sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(rates, [tail, 1 - tail])
    return float(low), float(high)
