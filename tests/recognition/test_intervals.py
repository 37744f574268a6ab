"""Phones of a path of labels: their intervals touch, and leave pauses."""

from collections.abc import Sequence

import numpy as np
import pytest

from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.hearing import Recording
from parp_espnet.recognition.intervals import find_phones, frames_between
from parp_espnet.recognition.listening import Heard, Listener, Samples
from parp_espnet.recognition.spectra import Spectra

PITCHES = {"a": 300.0, "e": 800.0, "i": 1800.0}
GRID = Grid()


class Tones(Listener):
    """What knows the names of tones; it is not asked to hear."""

    tokens = ("<blank>", *PITCHES)
    grid = GRID
    batchable = True

    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        raise NotImplementedError


def record(said: Sequence[tuple[str, float]], peaks: float = 0.5) -> tuple[Recording, np.ndarray]:
    """A recording of tones, or silence (""), each so many seconds; a path of labels with one frame
    for each tone, at a part of it, as CTC has them.
    """
    parts, marks, at = [], [], 0.0
    for name, seconds in said:
        times = np.arange(round(seconds * 16000)) / 16000
        level = 0.3 if name else 0.0
        parts.append(level * np.sin(2 * np.pi * PITCHES.get(name, 0.0) * times))
        if name:
            marks.append((at + peaks * seconds, list(Tones.tokens).index(name)))
        at += seconds
    samples = np.concatenate(parts)
    samples += 0.001 * np.random.default_rng(0).standard_normal(len(samples))
    spectra = Spectra()
    spectra.add(samples.astype(np.float32))
    frames = (len(samples) - GRID.field) // GRID.stride + 1
    labels = np.zeros(frames, np.int64)
    for time, label in marks:
        labels[int((time * 16000 - GRID.field / 2) / GRID.stride)] = label
    logprobs = np.full((frames, len(Tones.tokens)), np.log(0.02), np.float32)
    logprobs[np.arange(frames), labels] = np.log(0.94)
    seconds = len(samples) / 16000
    return Recording(seconds, labels, logprobs, spectra.rows(), spectra.quiet()), labels


@pytest.mark.parametrize("peaks", [0.2, 0.5, 0.8])
def test_intervals_touch_wherever_the_peaks_are(peaks: float):
    said = [("", 0.2), ("a", 0.1), ("e", 0.15), ("i", 0.08), ("a", 0.2), ("", 0.3)]
    recording, labels = record(said, peaks)
    phones = find_phones(Tones(), recording, labels)
    assert [phone.name for phone in phones] == ["a", "e", "i", "a"]
    assert [phone.begin for phone in phones] == pytest.approx([0.2, 0.3, 0.45, 0.53], abs=0.011)
    assert [phone.end for phone in phones[:-1]] == [phone.begin for phone in phones[1:]]
    assert phones[-1].end == pytest.approx(0.73, abs=0.011)
    assert all(phone.confidence > 0.5 for phone in phones if phone.confidence is not None)


def test_a_pause_is_no_phone_and_a_short_silence_is():
    said = [("", 0.2), ("a", 0.2), ("", 0.06), ("e", 0.2), ("", 0.5), ("i", 0.2), ("", 0.2)]
    recording, labels = record(said)
    a, e, i = find_phones(Tones(), recording, labels)
    assert a.end == e.begin
    assert 0.39 <= a.end <= 0.47
    assert e.end == pytest.approx(0.66, abs=0.02)
    assert i.begin == pytest.approx(1.16, abs=0.02)


def test_a_part_of_a_recording():
    said = [("a", 0.3), ("e", 0.3), ("i", 0.3), ("a", 0.3)]
    recording, labels = record(said)
    first, last = frames_between(GRID, recording, 0.3, 0.9)
    phones = find_phones(Tones(), recording, labels[first:last], 0.3, 0.9)
    assert [phone.name for phone in phones] == ["e", "i"]
    assert phones[0].begin == pytest.approx(0.3, abs=0.011)
    assert phones[0].begin >= 0.3
    assert phones[1].begin == pytest.approx(0.6, abs=0.011)
    assert phones[1].end == pytest.approx(0.9, abs=0.011)
    assert phones[1].end <= 0.9


def test_all_frames_belong_to_the_whole():
    recording, labels = record([("a", 0.3), ("e", 0.3)])
    assert frames_between(GRID, recording, 0.0, recording.seconds) == (0, len(labels))
    middle = frames_between(GRID, recording, 0.0, 0.3)[1]
    assert frames_between(GRID, recording, 0.3, 0.6) == (middle, len(labels))


def test_of_blanks_there_is_nothing():
    recording, labels = record([("a", 0.3)])
    assert find_phones(Tones(), recording, np.zeros_like(labels)) == ()


@pytest.mark.parametrize("seconds", [0.03, 0.05, 0.1])
def test_a_very_short_recording(seconds: float):
    """A model adds silence to what is shorter than its frames; what begins in it is no phone."""
    recording, _ = record([("a", 0.3)])
    short = Recording(
        seconds,
        recording.labels,
        recording.logprobs,
        recording.spectra[: int(seconds * 200)],
        recording.quiet[: int(seconds * 200)],
    )
    labels = np.zeros(len(recording.labels), np.int64)
    labels[0], labels[1], labels[12] = 1, 2, 3
    phones = find_phones(Tones(), short, labels)
    assert all(0 <= phone.begin <= phone.end <= seconds for phone in phones)
    assert [phone.name for phone in phones][:1] == ["a"]
    assert "i" not in [phone.name for phone in phones]
