"""Confidences that are right as often as they say."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from parp_espnet.decoding.confidence import Span, judge
from parp_espnet.decoding.platt import AS_THEY_ARE, Platt, fit, log_odds
from parp_espnet.recognition.calibration import Calibration


def boastful(seed: int, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Confidences whose log-odds are twice as large as they should be, and one too many."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0.5, 1.0, count)
    are_right = rng.random(count) < 1 / (1 + np.exp(-odds))
    return 1 / (1 + np.exp(-(2 * odds + 1))), are_right


def test_what_was_boastful_is_right_as_often_as_it_says():
    line = fit(*boastful(1))
    assert line.slope == pytest.approx(0.5, abs=0.05)
    assert line.offset == pytest.approx(-0.5, abs=0.1)
    confidences, are_right = boastful(2)
    before = Calibration(confidences, are_right).error
    assert Calibration(line(confidences), are_right).error < 0.3 * before


def test_it_is_a_logistic_regression():
    confidences, are_right = boastful(3)
    regression = LogisticRegression(C=np.inf).fit(log_odds(confidences)[:, None], are_right)
    line = fit(confidences, are_right)
    assert line.slope == pytest.approx(regression.coef_[0, 0], abs=5e-3)
    assert line.offset == pytest.approx(regression.intercept_[0], abs=5e-3)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_few_that_are_alike_prove_little(is_right: bool):
    confidences = np.array([0.5, 0.6, 0.7])
    found = fit(confidences, [is_right] * 3)(confidences)
    assert found == pytest.approx([0.8 if is_right else 0.2] * 3, abs=0.02)


def test_confidences_that_tell_nothing_keep_their_order():
    """Where the surer is the wronger, all are as sure as the mean."""
    confidences = np.array([0.9, 0.8, 0.2, 0.1] * 50)
    line = fit(confidences, [False, False, True, True] * 50)
    assert line.slope == 0
    assert line(confidences) == pytest.approx(np.full(200, 0.5), abs=1e-3)


def test_none_is_left_as_it_is():
    assert fit(np.array([]), []) == AS_THEY_ARE
    ends = np.array([0.0, 1e-9, 0.3, 1.0])
    assert AS_THEY_ARE(ends) is ends
    assert Platt.from_json(None) == AS_THEY_ARE


def test_certainty_has_an_end():
    line = fit(np.array([0.0, 1.0, 1.0, 0.0]), [False, True, True, True])
    found = line(np.array([0.0, 1.0]))
    assert np.isfinite(found).all()
    assert 0 < found[0] < found[1] < 1


@pytest.mark.parametrize(
    "read", [[], "steep", {"slope": 1}, {"slope": -1, "offset": 0}, {"slope": 1, "offset": "nan"}]
)
def test_what_is_no_calibration(read: object):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Platt.from_json(read)


def test_others_share_what_is_left():
    logprobs = np.log(np.array([[0.1, 0.6, 0.2, 0.1], [0.7, 0.1, 0.1, 0.1]]))
    line = Platt(0.5, -1.0)
    (before,) = judge(logprobs, [Span(1, 0, 1)])
    (after,) = judge(logprobs, [Span(1, 0, 1)], calibration=line)
    assert after.confidence == pytest.approx(line(np.array([before.confidence]))[0])
    assert [token for token, _ in after.others] == [token for token, _ in before.others]
    first, second = (
        sum(share for _, share in one.others) / (1 - one.confidence) for one in (before, after)
    )
    assert first == pytest.approx(second)
