"""What is worse than fp32 for sure, or by half a point, is another model and not offered."""

import pytest

from parp_espnet.export.judged import judge
from parp_espnet.export.speech import Speech, from_all_over

COUNT = 60
PHONES = tuple("abcdefghij" * 2)


def speech() -> Speech:
    return Speech({}, {str(i): PHONES for i in range(COUNT)})


def heard(wrong: int) -> dict[str, tuple[str, ...]]:
    """Hypotheses with an error in the first utterances."""
    return {str(i): (("x",) if i < wrong else ("a",)) + PHONES[1:] for i in range(COUNT)}


def test_the_same_tokens() -> None:
    verdict = judge(speech(), heard(9), heard(9))
    assert verdict.offered
    assert verdict.difference == 0
    assert verdict.other_tokens == 0
    assert verdict.error_rate == pytest.approx(9 / 1200)


@pytest.mark.parametrize(("more", "offered"), [(1, True), (4, True), (6, False), (20, False)])
def test_errors_more(more: int, offered: bool) -> None:
    """Four of 1,200 phones are a third of a point; six are half a point."""
    verdict = judge(speech(), heard(9 + more), heard(9))
    assert verdict.offered is offered
    assert verdict.other_tokens == more
    assert verdict.difference == pytest.approx(more / 1200)


@pytest.mark.parametrize(("more", "near"), [(0, True), (1, True), (4, False), (6, False)])
def test_near_is_shown(more: int, near: bool) -> None:
    """By the upper end of the interval: with four errors more it may be half a point."""
    assert judge(speech(), heard(9 + more), heard(9)).near is near


def test_fewer_errors_are_offered() -> None:
    assert judge(speech(), heard(0), heard(30)).offered


def test_in_words() -> None:
    said = str(judge(speech(), heard(10), heard(9)))
    assert said.startswith("0.83 % errors on dev (+0.08 points beside fp32 [+0.00, +0.25]")
    assert said.endswith("1 of 60 utterances otherwise)")


@pytest.mark.parametrize(
    ("items", "count", "expected"),
    [
        (0, 4, []),
        (3, 4, [0, 1, 2]),
        (4, 4, [0, 1, 2, 3]),
        (7, 4, [0, 1, 3, 5]),
        (8, 4, [0, 2, 4, 6]),
    ],
)
def test_calibration_is_from_all_over(items: int, count: int, expected: list[int]) -> None:
    assert from_all_over(range(items), count) == expected
