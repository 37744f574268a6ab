import numpy as np
import pytest

from parp_espnet.scoring import bootstrap


def test_the_same_seed_gives_the_same_interval_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
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
