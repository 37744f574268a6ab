"""How sure a model is of each token that was found, and what else it may have been.

The tokens before and after one are held at the frames where they are likeliest. Of what may stand
between them (each token of the model, or none), the probability is the sum over all paths of frames
that spell it, as CTC has it: a token's confidence is its share, flattened (`FLATTENED`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.platt import AS_THEY_ARE, Platt
from parp_espnet.decoding.prefix_search import BLANK

FLATTENED = 0.7
"""The power that shares are raised to before they are made to sum to one again: networks are surer
than they are right. It is that of the least calibration error on the validation set of a Spanish
model of ten minutes (cldr). A model whose search was tuned has a calibration of its own on top.
"""

AT_ONCE = 2048
"""Tokens of which it is computed at once, so that an hour takes no more memory than a minute."""

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
    logprobs: NDArray[np.floating],
    spans: Sequence[Span],
    others: int = 2,
    calibration: Platt = AS_THEY_ARE,
) -> list[Judgement]:
    """Return how sure each token of a path is.

    Args:
        logprobs: natural logarithms, (frames, labels).
        spans: the tokens of the path, in order.
        others: how many other tokens are told of.
        calibration: of the model's confidences; other tokens share what it leaves.
    """
    if not spans:
        return []
    shares = posteriors(logprobs, spans)
    shares **= FLATTENED
    shares /= np.maximum(shares.sum(1, keepdims=True), np.finfo(float).tiny)
    own = shares[np.arange(len(spans)), [span.token for span in spans]]
    confidences = calibration(own)
    left = (1.0 - confidences) / np.maximum(1.0 - own, np.finfo(float).tiny)
    judgements = []
    for span, row, confidence, rest in zip(
        spans, shares, confidences.tolist(), left.tolist(), strict=True
    ):
        order = np.argsort(-row[:-1], kind="stable").tolist()
        named = [token for token in order if token not in (span.token, BLANK)][:others]
        pairs = tuple((token, rest * float(row[token])) for token in named)
        judgements.append(Judgement(confidence, pairs))
    return judgements


def posteriors(logprobs: NDArray[np.floating], spans: Sequence[Span]) -> Floats:
    """Return the share of each label in place of each token, (tokens, labels + 1); the blank has
    none, and the last is that of no token.
    """
    edge = logprobs.shape[1]
    tokens = np.array([span.token for span in spans])
    peaks = np.array([_peak(logprobs, span) + 1 for span in spans])
    before = np.concatenate([[edge], tokens[:-1]])
    after = np.concatenate([tokens[1:], [edge]])
    first = np.concatenate([[0], peaks[:-1]])
    last = np.concatenate([peaks[1:], [len(logprobs) + 1]])
    shares = np.zeros((len(spans), edge + 1))
    for begin in range(0, len(spans), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        start = int(first[begin])
        heard = _heard(logprobs, start, int(last[some][-1]) + 1)
        shares[some] = _sums(
            heard, before[some], after[some], first[some] - start, last[some] - start
        )
    shares[:, BLANK] = 0.0
    shares /= np.maximum(shares.sum(1, keepdims=True), np.finfo(float).tiny)
    return shares


def _heard(logprobs: NDArray[np.floating], begin: int, end: int) -> Floats:
    """Probabilities of some frames and the edge, each frame's as shares of its largest, (frames,
    labels + 1).

    A frame of its own stands before the first one, and one behind the last: in them nothing is
    possible but the edge, which is no label.
    """
    labels = logprobs.shape[1]
    rows = logprobs[max(0, begin - 1) : end - 1]
    heard = np.zeros((end - begin, labels + 1))
    first = max(0, 1 - begin)
    heard[first : first + len(rows), :labels] = np.exp(rows - rows.max(1, keepdims=True))
    if begin == 0:
        heard[0, labels] = 1.0
    if end == len(logprobs) + 2:
        heard[-1, labels] = 1.0
    return heard


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
