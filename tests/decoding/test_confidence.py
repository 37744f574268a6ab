"""How sure a model is of a token: its share of all paths that may stand between its neighbours."""

from itertools import groupby, product

import numpy as np
import pytest

from parp_espnet.decoding.alignment import align
from parp_espnet.decoding.confidence import Span, judge, posteriors
from parp_espnet.recognition.labels import collapse, spans

LABELS, FRAMES = 4, 6


def spans_of(logprobs, tokens):
    path = align(logprobs, tokens).tolist()
    return [Span(token, begin, end) for token, begin, end in spans(path)]


def sums_of_all_paths(logprobs, found, place):
    """The same by its definition, over every path there is."""
    peaks = []
    for span in found:
        peaks.append(span.begin + int(logprobs[span.begin : span.end, span.token].argmax()))
    first = peaks[place - 1] if place else -1
    last = peaks[place + 1] if place + 1 < len(found) else FRAMES
    before = [found[place - 1].token] if place else []
    after = [found[place + 1].token] if place + 1 < len(found) else []
    frames = np.arange(first + 1, last)
    sums = np.zeros(LABELS + 1)
    for path in product(range(LABELS), repeat=len(frames)):
        probability = np.exp(logprobs[frames, path].sum())
        spelled = collapse([*before, *path, *after])
        for token in range(1, LABELS):
            sums[token] += probability * (spelled == [*before, token, *after])
        sums[LABELS] += probability * (spelled == [*before, *after])
    return sums / sums.sum()


@pytest.mark.parametrize("tokens", [(1,), (1, 2), (1, 1), (1, 2, 1), (2, 2, 3)])
def test_it_is_the_share_of_all_paths(tokens: tuple[int, ...]):
    logprobs = np.log(np.random.default_rng(1).dirichlet(np.ones(LABELS), size=FRAMES))
    found = spans_of(logprobs, tokens)
    shares = posteriors(logprobs, found)
    for place in range(len(tokens)):
        assert shares[place] == pytest.approx(sums_of_all_paths(logprobs, found, place))


def test_others_are_the_likeliest_and_no_blank():
    logprobs = np.log(np.array([[0.1, 0.6, 0.2, 0.1], [0.7, 0.1, 0.1, 0.1]]))
    (judgement,) = judge(logprobs, [Span(1, 0, 1)])
    assert [token for token, _ in judgement.others] == [2, 3]
    assert judgement.confidence > judgement.others[0][1] > judgement.others[1][1] > 0
    assert judge(logprobs, []) == []


def test_what_is_impossible_is_no_other():
    """As an inventory makes it."""
    logprobs = np.array([[np.log(0.5), np.log(0.5), -np.inf], [0.0, -np.inf, -np.inf]])
    (judgement,) = judge(logprobs, [Span(1, 0, 1)])
    assert judgement.others == ((2, 0.0),)
    # That there is nothing is as likely.
    assert judgement.confidence == pytest.approx(0.5)


def test_a_long_pause_takes_nothing_away():
    """Hundreds of frames of blanks have a probability that no float could hold."""
    frames = np.full((4000, 3), np.log(0.01))
    frames[:, 0] = np.log(0.98)
    frames[[10, 3990], 1] = np.log(0.97)
    frames[[10, 3990], 0] = np.log(0.02)
    found = [Span(1, 10, 11), Span(1, 3990, 3991)]
    for judgement in judge(frames, found):
        assert np.isfinite(judgement.confidence)
        assert 0 < judgement.confidence < 1


def test_the_greedy_path_of_a_sure_model_is_sure():
    rng = np.random.default_rng(2)
    path = rng.integers(0, 5, 60)
    logprobs = np.full((60, 5), np.log(0.001))
    logprobs[np.arange(60), path] = np.log(0.996)
    tokens = [token for token, _ in groupby(path.tolist()) if token]
    judgements = judge(logprobs, spans_of(logprobs, tokens))
    assert min(judgement.confidence for judgement in judgements) > 0.9
