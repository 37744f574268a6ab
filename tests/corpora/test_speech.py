import numpy as np
import pytest

from parp_espnet.corpora.speech import (
    LONGEST,
    SAMPLE_RATE,
    SHORTEST,
    UTTERANCES,
    Spoken,
    finish,
    speak,
)
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.ipa import load_inventory


def _same(one: list[Spoken], other: list[Spoken]) -> bool:
    return [(a.id, a.text, a.phones, a.samples.tobytes()) for a in one] == [
        (b.id, b.text, b.phones, b.samples.tobytes()) for b in other
    ]


@pytest.mark.parametrize("language", sorted(VOICES))
def test_speech_is_sane(language: str) -> None:
    spoken = speak(language, "test", seed=3, number=1)
    assert [one.id for one in spoken] == [
        f"{language}-test-03-00001-{n:02d}" for n in range(UTTERANCES)
    ]
    for one in spoken:
        assert one.samples.dtype == np.int16
        assert SHORTEST <= one.duration <= LONGEST
        assert set(one.phones) <= set(load_inventory(language))
        assert 4 < len(one.phones) / one.duration < 22
        level = np.abs(one.samples.astype(int))
        assert 300 < level.std() < 9000
        assert 3000 < level.max() < 32767


def test_a_speaker_depends_on_nothing_that_was_said_before() -> None:
    first = speak("ru", "train", seed=0, number=7)
    speak("zh", "dev", seed=1, number=2)
    assert _same(speak("ru", "train", seed=0, number=7), first)
    assert not _same(speak("ru", "train", seed=1, number=7), first)


def test_a_corpus_is_the_same_in_every_version() -> None:
    """Kept results are of these utterances: what else the synthesiser is asked may change them."""
    lengths = [32001, 63261, 45539, 20286, 23258, 52439, 91651, 63595, 60402, 71026]
    utterances = speak("tr", "test", seed=0, number=0)
    assert [len(spoken.samples) for spoken in utterances] == lengths


def test_finish_trims_silence_and_resamples() -> None:
    rate = 22050
    tone = (20000 * np.sin(np.arange(rate) * 2 * np.pi * 440 / rate)).astype(np.int16)
    silence = np.zeros(rate, np.int16)
    samples = finish(np.concatenate([silence, tone, silence]), rate)
    assert len(samples) == pytest.approx(1.2 * SAMPLE_RATE, abs=20)
    assert np.abs(samples).max() == pytest.approx(14000, rel=0.05)


def test_finish_does_not_clip() -> None:
    square = np.where(np.arange(4410) % 100 < 50, 32767, -32768).astype(np.int16)
    level = np.abs(finish(square, 22050).astype(int))
    assert level.max() < 32000


def test_finish_of_nothing_is_nothing() -> None:
    assert finish(np.zeros(0, np.int16), 22050).size == 0
    assert finish(np.zeros(100, np.int16), 22050).size == 0
