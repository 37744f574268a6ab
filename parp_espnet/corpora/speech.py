"""Speech of one speaker at a time, and the worker process that makes it.

A speaker says `UTTERANCES` utterances. They depend on the language, the set, the seed and the
speaker's number, and on nothing else: not on the worker, the number of workers or what was made
before.

`python3 -m parp_espnet.corpora.speech` is a worker: it reads one request a line (JSON) on stdin and
answers each on stdout with one line of JSON and the samples after it. It is a program of its own,
not a fork: it starts in a third of a second whatever the caller has loaded, and is safe where the
caller has threads.
"""

import json
import sys
from dataclasses import dataclass
from random import Random

import numpy as np
import soxr
from numpy.typing import NDArray

from parp_espnet.corpora.drawn import drawn_phones
from parp_espnet.corpora.phrases import phrase_book
from parp_espnet.corpora.voices import draw_voice
from parp_espnet.errors import command
from parp_espnet.phones.espeak import Synthesiser
from parp_espnet.phones.ipa import clean, clean_each, switches_language

SAMPLE_RATE = 16000
UTTERANCES = 10
SHORTEST, LONGEST = 1.0, 12.0  # seconds

# eSpeak NG uses the full range of 16 bits; the resampling filter overshoots by less than this
# leaves.
_GAIN = 0.7
_SILENCE = 0.01  # of the peak
_MARGIN = 0.1  # seconds of silence that stay at either end


@dataclass(frozen=True, eq=False)
class Spoken:
    """One utterance: `phones` are what was spoken, `samples` (n,) at 16 kHz.

    `begins` are when the synthesiser began each phone, in seconds; None where it has not told, and
    of the second of two phones that are one to it.
    """

    id: str
    speaker: str
    language: str
    text: str
    phones: tuple[str, ...]
    samples: NDArray[np.int16]
    begins: tuple[float | None, ...] = ()

    @property
    def duration(self) -> float:
        """In seconds."""
        return len(self.samples) / SAMPLE_RATE


def speak(
    language: str, split: str, seed: int, number: int, *, tells_begins: bool = False
) -> list[Spoken]:
    """Return the utterances of speaker `number` (0, 1, …) of a set.

    A phrase is drawn again when eSpeak NG reads a part of it by another language's rules, when it
    has a phone that none is drawn with (`drawn`), and when it is shorter than `SHORTEST` or longer
    than `LONGEST`.

    Args:
        tells_begins: with `begins`; these are then not the corpus's utterances: some sound a little
            otherwise (`phones.espeak.Synthesiser`).
    """
    random = Random(f"{language} {split} {seed} {number}")
    voice = draw_voice(split, random)
    book = phrase_book(language, split)
    sayable = drawn_phones(language)
    speaker = f"{language}-{split}-{seed:02d}-{number:05d}"
    spoken: list[Spoken] = []
    noise = random.randrange(2**31)
    with Synthesiser(language, voice, noise, tells_begins=tells_begins) as synthesiser:
        while len(spoken) < UTTERANCES:
            text = book.phrase(random)
            raw, clauses = synthesiser.speak(text)
            phones = clean(language, clauses)
            if switches_language(clauses) or not sayable.issuperset(phones):
                continue
            samples = finish(raw, synthesiser.sample_rate)
            if SHORTEST <= len(samples) / SAMPLE_RATE <= LONGEST:
                name = f"{speaker}-{len(spoken):02d}"
                begins = _begins(clean_each(language, clauses), raw, synthesiser)
                spoken.append(Spoken(name, speaker, language, text, phones, samples, begins))
    return spoken


def _begins(
    phonemes: list[tuple[str, ...]], raw: NDArray[np.int16], synthesiser: Synthesiser
) -> tuple[float | None, ...]:
    """When each phone begins in what `finish` makes of `raw`; none is known where the synthesiser
    has told of more or fewer phonemes than it has printed.
    """
    is_told = len(phonemes) == len(synthesiser.begins)
    trimmed, _ = _loud_part(raw, synthesiser.sample_rate)
    begins: list[float | None] = []
    for number, phones in enumerate(phonemes):
        for place in range(len(phones)):
            known = is_told and place == 0
            sample = synthesiser.begins[number] - trimmed if known else None
            begins.append(None if sample is None else sample / synthesiser.sample_rate)
    return tuple(begins)


def say(language: str, text: str) -> NDArray[np.int16]:
    """Return `text` as the language's own voice says it, (n,) at 16 kHz; the same samples every
    time.
    """
    with Synthesiser(language) as synthesiser:
        raw, _ = synthesiser.speak(text)
        return finish(raw, synthesiser.sample_rate)


def finish(raw: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """Return speech (n,) at `rate` as 16 kHz, unclipped, with at most `_MARGIN` of silence at its
    ends.
    """
    begin, end = _loud_part(raw, rate)
    if end == 0:
        return np.zeros(0, np.int16)
    trimmed = raw[begin:end]
    resampled = soxr.resample(trimmed.astype(np.float32) * np.float32(_GAIN), rate, SAMPLE_RATE)
    return np.asarray(np.clip(np.rint(resampled), -32768, 32767), np.int16)


def _loud_part(raw: NDArray[np.int16], rate: int) -> tuple[int, int]:
    """The first sample and the one after the last of speech with its margins; 0, 0 of silence."""
    level = np.abs(raw.astype(np.int32))
    loud = np.flatnonzero(level > _SILENCE * level.max(initial=1))
    if not loud.size:
        return 0, 0
    margin = int(_MARGIN * rate)
    return max(0, int(loud[0]) - margin), int(loud[-1]) + margin


SERVED = ("id", "speaker", "language", "text", "phones", "begins")
"""What is told of an utterance, before its samples."""


@command
def _serve() -> None:
    """Answer requests until stdin closes, or nobody reads the answers."""
    for line in sys.stdin:
        spoken = speak(**json.loads(line))
        heads, samples = [], []
        for utterance in spoken:
            head = {name: getattr(utterance, name) for name in SERVED}
            heads.append(head | {"count": len(utterance.samples)})
            samples.append(utterance.samples.tobytes())
        sys.stdout.buffer.write(json.dumps(heads).encode() + b"\n")
        sys.stdout.buffer.writelines(samples)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
