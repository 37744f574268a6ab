"""The search against all paths there are, and against the best path where the two have to agree."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from parp_espnet.decoding.arpa import BEGIN, END
from parp_espnet.decoding.language_model import ArpaModel
from parp_espnet.decoding.prefix_search import Hypothesis, Weighted, search
from parp_espnet.decoding.witten_bell import estimate

TOKENS = ["<blank>", "a", "b"]
ARPA = estimate([tuple("aab"), tuple("ab"), tuple("b"), tuple("abab")], ["a", "b"], 3)
OTHER = estimate([tuple("bb"), tuple("ba")], ["a", "b"], 1)


def draw(seed: int, frames: int, tokens: int = 3, sharpness: float = 0.5) -> NDArray[np.float64]:
    """Draw the logarithms of an utterance, (frames, tokens)."""
    return np.log(np.random.default_rng(seed).dirichlet([sharpness] * tokens, size=frames) + 1e-12)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(token for token, _ in itertools.groupby(path) if token)


def by_all_paths(
    logprobs: NDArray[np.float64], penalty: float, weights: tuple[float, float]
) -> Hypothesis:
    """The best hypothesis, from the probabilities of all paths."""
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(len(TOKENS)), repeat=len(logprobs)):
        probability = math.exp(sum(logprobs[frame, token] for frame, token in enumerate(path)))
        sums[collapse(path)] = sums.get(collapse(path), 0.0) + probability

    def score(tokens: tuple[int, ...]) -> float:
        words = (BEGIN, *(TOKENS[token] for token in tokens), END)
        places = range(1, len(words))
        models = [
            weight * arpa.log10(words[:at], words[at]) for at in places for arpa, weight in both
        ]
        return math.log(sums[tokens]) + penalty * len(tokens) + math.log(10) * sum(models)

    both = tuple(zip((ARPA, OTHER), weights, strict=True))
    best = max(sums, key=score)
    return Hypothesis(best, score(best))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 6)), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.8, -0.5]),
    st.sampled_from([(0.0, 0.0), (0.7, 0.0), (0.4, 1.5)]),
)
def test_a_wide_beam_finds_the_best_of_all(
    utterances: list[tuple[int, int]], penalty: float, weights: tuple[float, float]
) -> None:
    batch = [draw(seed, frames) for seed, frames in utterances]
    models = [
        Weighted(ArpaModel(arpa, TOKENS, "x"), weight)
        for arpa, weight in zip((ARPA, OTHER), weights, strict=True)
    ]
    for found, logprobs in zip(search(batch, 150, penalty, models), batch, strict=True):
        best = by_all_paths(logprobs, penalty, weights)
        assert found.score == pytest.approx(best.score, abs=1e-9)
        assert found.tokens == best.tokens


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_a_beam_of_one_is_greedy_where_the_model_is_sure(path: list[int]) -> None:
    logprobs = np.log(0.96 * np.eye(5)[path] + 0.008)
    (found,) = search([logprobs], 1)
    assert found.tokens == collapse(tuple(path))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 25)), min_size=2, max_size=6),
    st.integers(1, 8),
)
def test_what_is_found_does_not_depend_on_the_batch(
    utterances: list[tuple[int, int]], beam: int
) -> None:
    batch = [draw(seed, frames) for seed, frames in utterances]
    models = [Weighted(ArpaModel(ARPA, TOKENS, "x"), 0.5)]
    together = search(batch, beam, 0.3, models)
    assert together == [search([one], beam, 0.3, models)[0] for one in batch]
    assert together == search(batch, beam, 0.3, models)


def test_a_wider_beam_scores_no_worse_here() -> None:
    batch = [draw(seed, 40, tokens=3) for seed in range(8)]
    narrow, wide = (search(batch, beam) for beam in (2, 40))
    assert all(one.score <= other.score + 1e-9 for one, other in zip(narrow, wide, strict=True))


def test_a_penalty_makes_for_more_tokens() -> None:
    batch = [draw(seed, 30) for seed in range(10)]
    fewer, more = (
        sum(len(one.tokens) for one in search(batch, 20, penalty)) for penalty in (-1.0, 1.0)
    )
    assert fewer < more


def test_nothing_at_all() -> None:
    assert search([], 3) == []
    assert search([np.zeros((0, 3))], 3) == [Hypothesis((), 0.0)]
