import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.scoring import bootstrap
from parp_espnet.scoring.bootstrap import paired_interval


def test_the_same_seed_gives_the_same_interval_whatever_the_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors, lengths = [1, 0, 3, 2] * 10, [10, 8, 12, 9] * 10
    first = bootstrap.interval(errors, lengths, seed=3)
    assert bootstrap.interval(errors, lengths, seed=3) == first
    assert bootstrap.interval(errors, lengths, seed=4) != first
    monkeypatch.setattr(bootstrap, "_BLOCK", 1000)
    assert bootstrap.interval(errors, lengths, seed=3) == first


def test_it_holds_the_rate_and_is_as_wide_as_theory_says() -> None:
    rng = np.random.default_rng(0)
    lengths = np.full(400, 30)
    errors = rng.binomial(30, 0.1, size=400)
    low, high = bootstrap.interval(errors.tolist(), lengths.tolist())
    rate = errors.sum() / lengths.sum()
    assert low < rate < high
    assert high - low == pytest.approx(2 * 1.96 * errors.std() / 30 / 20, rel=0.1)


def test_a_rate_without_spread_has_no_width() -> None:
    assert bootstrap.interval([1, 1], [4, 4]) == (0.25, 0.25)
    assert bootstrap.interval([5], [4]) == (1.25, 1.25)


def test_the_interval_is_what_it_has_always_been() -> None:
    """Published intervals stay reproducible."""
    errors, lengths = [1, 0, 3, 2] * 10, [10, 8, 12, 9] * 10
    assert bootstrap.interval(errors, lengths, seed=3) == (0.1226158038147139, 0.18226632163122777)


ERRORS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 20)), min_size=1, max_size=30
)


@given(ERRORS)
def test_a_system_does_not_differ_from_itself(counts: list[tuple[int, int, int]]) -> None:
    errors, _, lengths = (list(column) for column in zip(*counts, strict=True))
    found = paired_interval(errors, errors, lengths, resamples=200)
    assert (found.difference, found.difference_interval, found.p) == (0, (0, 0), 1)
    assert found.ratio in (1, None)
    assert found.ratio_interval in ((1, 1), None)


@given(ERRORS)
def test_the_other_way_round_it_is_the_opposite(counts: list[tuple[int, int, int]]) -> None:
    errors, others, lengths = (list(column) for column in zip(*counts, strict=True))
    found = paired_interval(errors, others, lengths, resamples=200)
    reverse = paired_interval(others, errors, lengths, resamples=200)
    assert reverse.difference == pytest.approx(-found.difference)
    assert reverse.difference_interval == pytest.approx(
        tuple(-bound for bound in found.difference_interval[::-1])
    )
    assert reverse.p == found.p
    assert found.p > 0
    if found.ratio and reverse.ratio:
        assert reverse.ratio == pytest.approx(1 / found.ratio)


def test_pairs_tell_what_two_intervals_cannot() -> None:
    """One error less in every utterance is beyond doubt, however much the utterances differ among
    themselves.
    """
    rng = np.random.default_rng(0)
    lengths = np.full(20, 30)
    others = rng.binomial(30, 0.3, size=20) + 1
    errors = others - 1
    one, other = (bootstrap.interval(each.tolist(), lengths.tolist()) for each in (errors, others))
    assert one[1] > other[0]
    found = paired_interval(errors.tolist(), others.tolist(), lengths.tolist())
    assert found.difference == pytest.approx(-1 / 30)
    assert found.difference_interval == pytest.approx((-1 / 30, -1 / 30))
    assert found.p == pytest.approx(2 / 10_001)
    assert found.ratio_interval is not None
    assert found.ratio_interval[0] < found.ratio_interval[1] < 1


def test_chance_alone_is_rarely_significant() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(100):
        errors, others = rng.binomial(30, 0.2, size=(2, 100)).tolist()
        found.append(paired_interval(errors, others, [30] * 100, resamples=1000))
    assert sum(one.p < 0.05 for one in found) in range(1, 13)
    assert all(
        (one.p < 0.05) == (not one.difference_interval[0] <= 0 <= one.difference_interval[1])
        for one in found
    )


def test_without_errors_there_is_no_ratio() -> None:
    assert paired_interval([1, 0], [0, 0], [5, 5]).ratio is None
    sometimes = paired_interval([1, 1], [1, 0], [5, 5])
    assert (sometimes.ratio, sometimes.ratio_interval) == (2, None)


@pytest.mark.parametrize(
    ("count", "least"), [(1, 1.0), (2, 0.5), (3, 0.25), (5, 0.0625), (20, 1e-4)]
)
def test_few_utterances_tell_little(count: int, least: float) -> None:
    """All of n favour one of two equal systems with a probability of 2 ** (1 - n)."""
    found = paired_interval([1] * count, [2] * count, [10] * count)
    assert least <= found.p <= 2 * least
