"""How sure a model is of each token that was found, and what else it may have been.

The tokens before and after one are held at the frames where they are likeliest. Of what may stand
between them (each token of the model, or none), the probability is the sum over all paths of frames
that spell it, as CTC has it: a token's confidence is its share, flattened (`FLATTENED`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.prefix_search import BLANK

FLATTENED = 0.7
"""The power that shares are raised to before they are made to sum to one again: networks are surer
than they are right. It is that of the least calibration error on the validation set of a Spanish
model of ten minutes (cldr).
"""

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Span:
    """A token of a path of labels: its first frame, and the frame after its last."""

    token: int
    begin: int
    end: int


@dataclass(frozen=True)
class Judgement:
    """Of one token the probability, and the likeliest others with theirs, the likelier first."""

    confidence: float
    others: tuple[tuple[int, float], ...]


def judge(
    logprobs: NDArray[np.floating], spans: Sequence[Span], others: int = 2
) -> list[Judgement]:
    """Return how sure each token of a path is.

    Args:
        logprobs: natural logarithms, (frames, labels).
        spans: the tokens of the path, in order.
        others: how many other tokens are told of.
    """
    if not spans:
        return []
    shares = posteriors(logprobs, spans) ** FLATTENED
    shares /= np.maximum(shares.sum(1, keepdims=True), np.finfo(float).tiny)
    judgements = []
    for span, row in zip(spans, shares, strict=True):
        order = np.argsort(-row[:-1], kind="stable").tolist()
        named = [token for token in order if token not in (span.token, BLANK)][:others]
        pairs = tuple((token, float(row[token])) for token in named)
        judgements.append(Judgement(float(row[span.token]), pairs))
    return judgements


def posteriors(logprobs: NDArray[np.floating], spans: Sequence[Span]) -> Floats:
    """Return the share of each label in place of each token, (tokens, labels + 1); the blank has
    none, and the last is that of no token.
    """
    labels = logprobs.shape[1]
    best = logprobs.max(1, keepdims=True)
    edge = labels
    # A row of its own stands before the first frame, and one behind the last: in them nothing is
    # possible but the edge, which is no label.
    heard = np.zeros((len(logprobs) + 2, labels + 1))
    heard[1:-1, :labels] = np.exp(logprobs - best)
    heard[0, edge] = heard[-1, edge] = 1.0
    tokens = np.array([span.token for span in spans])
    peaks = np.array([_peak(logprobs, span) + 1 for span in spans])
    before = np.concatenate([[edge], tokens[:-1]])
    after = np.concatenate([tokens[1:], [edge]])
    first = np.concatenate([[0], peaks[:-1]])
    last = np.concatenate([peaks[1:], [len(heard) - 1]])
    sums = _sums(heard, before, after, first, last)
    sums[:, BLANK] = 0.0
    shares: Floats = sums / np.maximum(sums.sum(1, keepdims=True), np.finfo(float).tiny)
    return shares


def _peak(logprobs: NDArray[np.floating], span: Span) -> int:
    return span.begin + int(logprobs[span.begin : span.end, span.token].argmax())


def _sums(heard: Floats, before: Ints, after: Ints, first: Ints, last: Ints) -> Floats:
    """Sum the paths from `before` at the frame `first` to `after` at `last` that spell one label
    between them, (places, labels); the last column is that of none.
    """
    places, labels = len(before), heard.shape[1] - 1
    order = np.argsort(first - last, kind="stable")
    rows = np.arange(places)
    # All paths are still in `before`; what follows it: a blank, a token, a blank, `after`.
    stayed = np.ones(places)
    blank = np.zeros(places)
    token = np.zeros((places, labels))
    blank_after = np.zeros((places, labels))
    ended = np.zeros((places, labels + 1))
    is_repeated = np.arange(labels) == before[:, None]
    is_followed = np.arange(labels) == after[:, None]
    for step in range(1, int((last - first).max()) + 1):
        on = order[: int(np.count_nonzero((last - first) >= step))]
        now = heard[first[on] + step]
        here = rows[: len(on)]
        pause = now[:, BLANK]
        goal = now[here, after[on]]
        from_token = np.where(is_followed[on], 0.0, token[on])
        none = np.where(before[on] == after[on], 0.0, stayed[on]) + blank[on]
        ended[on, :labels] += from_token + blank_after[on]
        ended[on, labels] += none
        ended[on] *= goal[:, None]
        blank_after[on] = (blank_after[on] + token[on]) * pause[:, None]
        fresh = np.where(is_repeated[on], 0.0, stayed[on][:, None]) + blank[on][:, None]
        token[on] = (token[on] + fresh) * now[:, :labels]
        blank[on] = (blank[on] + stayed[on]) * pause
        stayed[on] *= now[here, before[on]]
    return ended
