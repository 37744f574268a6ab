"""Utterances are what lies between pauses."""

from itertools import pairwise

import pytest

from parp_espnet.recognition.utterances import LONGEST, MARGIN, PAUSE, make_utterances
from parp_espnet.tiers.tier import Annotation


def phones(*begins: float, name: str = "a") -> list[Annotation]:
    return [Annotation(begin, begin + 0.02, name) for begin in begins]


def test_a_pause_ends_an_utterance() -> None:
    parts = phones(0.1, 0.3, 0.3 + 0.02 + PAUSE, 2.9)
    first, second, third = make_utterances(parts, 3.0)
    assert (first.text, second.text, third.text) == ("a a", "a", "a")
    assert (first.begin, first.end) == (pytest.approx(0), pytest.approx(0.32 + MARGIN))
    assert second.begin == pytest.approx(0.82 - MARGIN)
    assert (third.begin, third.end) == (pytest.approx(2.9 - MARGIN), pytest.approx(3.0))


def test_no_phone_is_no_utterance() -> None:
    assert make_utterances([], 3.0) == ()


def test_a_long_one_is_divided_at_its_longest_pauses() -> None:
    begins = [0.2 * number + (0.2 if number >= 60 else 0) for number in range(120)]
    utterances = make_utterances(phones(*begins), 30.0)
    assert [len(utterance.text.split()) for utterance in utterances] == [60, 60]
    even = make_utterances(phones(*(0.2 * number for number in range(400))), 99.0)
    assert sum(len(utterance.text.split()) for utterance in even) == 400
    assert all(utterance.end - utterance.begin <= LONGEST + 2 * MARGIN for utterance in even)
    assert min(len(utterance.text.split()) for utterance in even) > 30


def test_utterances_do_not_overlap() -> None:
    parts = phones(*(0.2 * number for number in range(200)))
    utterances = make_utterances(parts, 40.0)
    for before, after in pairwise(utterances):
        assert before.end <= after.begin


def test_one_phone_that_is_longer_than_any_utterance() -> None:
    (utterance,) = make_utterances([Annotation(1, 40, "a")], 41.0)
    assert utterance.text == "a"
