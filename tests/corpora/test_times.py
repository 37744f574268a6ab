"""When the synthesiser began each phone."""

import numpy as np
import pytest

from parp_espnet.corpora.speech import SAMPLE_RATE, speak
from parp_espnet.corpora.times import are_spoken, say_again
from parp_espnet.errors import UserError


@pytest.mark.parametrize("language", ["es", "zh"])
def test_begins_are_in_order_and_within(language: str):
    for spoken in speak(language, "test", seed=3, number=1, tells_begins=True)[:4]:
        assert len(spoken.begins) == len(spoken.phones)
        known = [begin for begin in spoken.begins if begin is not None]
        # Mandarin's finals with a glide are one phoneme to it, and two phones.
        assert len(known) > 0.7 * len(spoken.phones)
        assert known == sorted(known)
        assert known[0] >= -0.05
        assert known[-1] < spoken.duration


def test_a_hiss_is_heard_where_it_is_said_to_be():
    """An s has most of its energy where a vowel has none."""
    shares: dict[bool, list[float]] = {True: [], False: []}
    for spoken in speak("es", "test", seed=3, number=1, tells_begins=True):
        for place, phone in enumerate(spoken.phones[:-1]):
            begin, end = spoken.begins[place], spoken.begins[place + 1]
            if phone not in ("s", "a") or begin is None or end is None:
                continue
            middle = int((begin + end) / 2 * SAMPLE_RATE)
            part = spoken.samples[max(0, middle - 200) : middle + 200].astype(float)
            powers = np.abs(np.fft.rfft(part)) ** 2
            shares[phone == "s"].append(powers[len(powers) * 3 // 8 :].sum() / powers.sum())
    assert np.median(shares[True]) > 10 * np.median(shares[False])


def test_the_same_is_said_again():
    corpus = speak("es", "test", seed=0, number=2)
    again = say_again([spoken.id for spoken in corpus])
    known = 0
    for spoken in corpus:
        assert again[spoken.id].phones == spoken.phones
        assert np.array_equal(again[spoken.id].samples, spoken.samples)
        begins = again[spoken.id].begins
        assert len(begins) == len(spoken.phones)
        known += begins[0] is not None
    # What is said otherwise while it tells has no begins.
    assert known > 0
    assert are_spoken(again)


def test_a_corpus_is_said_without_telling():
    for spoken in speak("tr", "test", seed=0, number=0):
        assert not any(begin is not None for begin in spoken.begins)


def test_what_others_said_is_refused():
    assert not are_spoken(["es-test-00-00000-00", "abiayi-1"])
    for name, said in (
        ("abiayi-1", "expected one of cldr"),
        ("es-test-00-00000-99", "the speaker says no such one"),
    ):
        with pytest.raises(UserError, match=said):
            say_again([name])
