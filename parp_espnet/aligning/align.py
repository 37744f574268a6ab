"""Recordings and their texts, to transcripts with the times of the texts' phones or letters."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from parp_espnet.aligning.phonemise import Phonemise
from parp_espnet.aligning.spelling import Speller
from parp_espnet.aligning.texts import Text
from parp_espnet.data.marks import Kind, read_marks
from parp_espnet.decoding.alignment import align
from parp_espnet.decoding.label_prior import LabelPrior
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.hearing import Hearing, Recording
from parp_espnet.recognition.intervals import find_phones, frames_between
from parp_espnet.recognition.labels import BLANK
from parp_espnet.recognition.listening import Listener
from parp_espnet.recognition.transcripts import Phone, Transcript, words_of
from parp_espnet.recognition.windows import Labels
from parp_espnet.tiers.tier import Annotation

BEYOND = 0.05
"""Seconds by which an annotation may end behind the recording: programs round times."""


@dataclass(frozen=True)
class Aligned:
    """A recording's text with times, and what of it could not be aligned, in words; no transcript
    where that is all of it.
    """

    source: Source
    transcript: Transcript | None
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Aligner:
    """A model, how it spells, and the label prior that it was trained with, if it was.

    Attributes:
        phonemise: from words to phones; None where texts are the model's tokens.
        seen: how often each mark of what nobody says was left out (`parp_espnet.data.marks`).
    """

    listener: Listener
    speller: Speller
    prior: LabelPrior | None = None
    phonemise: Phonemise | None = None
    seen: Counter[tuple[Kind, str]] = field(default_factory=Counter)

    def spell(self, text: str) -> tuple[int, ...]:
        """Return the tokens of a text, without marks of what nobody says. Raises `ValueError` where
        it has none, others than the model's, or a mark of speech that is not written.
        """
        are_phones = self.phonemise is None and not self.speller.is_of_letters
        marked = read_marks(text, of_phones=are_phones)
        if fault := marked.fault(Kind.UNWRITTEN):
            raise ValueError(fault)
        self.seen.update(marked.marks)
        if text.strip() and not marked.text:
            raise ValueError(f"expected a text to align, found marks alone ({text.strip()})")
        if self.phonemise is None:
            return self.speller.spell(marked.text)
        return self.speller.spell_phones(self.phonemise(marked.text), marked.text)

    def path(self, logprobs: NDArray[np.float32], tokens: Sequence[int]) -> Labels:
        """Return the likeliest path of labels that spells tokens; see `alignment.align`."""
        return align(logprobs if self.prior is None else self.prior.levelled(logprobs), tokens)


def align_texts(
    hearing: Hearing,
    texts: Sequence[Text | Failure],
    prior: LabelPrior | None = None,
    phonemise: Phonemise | None = None,
    seen: Counter[tuple[Kind, str]] | None = None,
) -> Iterator[Aligned | Failure]:
    """Yield, in their order, the texts of recordings with times, and why there is none.

    Of a recording whose text has several parts, those that cannot be aligned are left out.

    Args:
        prior: what the model was trained with, if it was.
        phonemise: from words to phones, where the texts are words.
        seen: counts the marks that are left out of texts.
    """
    listener = hearing.recogniser
    said = [part.text for text in texts if isinstance(text, Text) for part in text.parts]
    seen = Counter() if seen is None else seen
    aligner = Aligner(listener, Speller(listener.tokens, said), prior, phonemise, seen)
    sources = [text if isinstance(text, Failure) else text.source for text in texts]
    for text, heard in zip(texts, hearing.hear(sources), strict=True):
        if isinstance(heard, Failure):
            yield heard
            continue
        assert isinstance(text, Text)
        source, recording = heard
        yield _align(aligner, source, recording, text)


def _align(aligner: Aligner, source: Source, recording: Recording, text: Text) -> Aligned | Failure:
    phones: list[Phone] = []
    words: list[Phone] = []
    utterances: list[Annotation] = []
    faults = list(text.faults)
    for part in text.parts:
        end = recording.seconds if text.whole else part.end
        try:
            found = _align_part(aligner, recording, part.text, part.begin, end)
        except ValueError as error:
            if text.whole:
                return Failure(source.path, str(error))
            faults.append(f"{source.path}, {part.begin:.3f} to {part.end:.3f} s: {error}")
            continue
        phones += found
        # No letter says that a word is over where an annotation is.
        words += words_of(found)
        if not text.whole:
            # Programs round times: a tier ends with its recording.
            utterances.append(replace(part, end=min(part.end, recording.seconds)))
    if not phones:
        nothing = f"{source.path}: expected a text to align, found none"
        return Aligned(source, None, tuple(faults) or (nothing,))
    transcript = Transcript(
        str(source.path),
        recording.seconds,
        tuple(phones),
        spelled=aligner.speller.is_of_letters,
        utterances=tuple(utterances),
        words=tuple(words) if aligner.speller.is_of_letters else None,
    )
    return Aligned(source, transcript, tuple(faults))


def _align_part(
    aligner: Aligner, recording: Recording, text: str, begin: float, end: float
) -> tuple[Phone, ...]:
    """The phones of a part of a recording. Raises `ValueError` where that cannot be."""
    listener = aligner.listener
    tokens = aligner.spell(text)
    if end > recording.seconds + BEYOND:
        raise ValueError(
            f"expected a text within the recording, which has {recording.seconds:.3f} s"
        )
    first, last = frames_between(listener.grid, recording, begin, end)
    frames = last - first
    # Those behind the end of a very short recording are of silence that was added to it.
    heard = sum(listener.grid.begin(frame) < end for frame in range(first, last))
    needed = len(tokens)
    for token, after in pairwise(tokens):
        # Of two tokens that are the same, CTC needs a frame between them.
        needed += token == after
    if needed > heard:
        least = _seconds(listener.grid, needed)
        raise ValueError(
            f"expected at least {least:.3f} s for a text of {len(tokens)} "
            f"{'letters' if aligner.speller.is_of_letters else 'phones'}, found {end - begin:.3f} s"
        )
    labels = aligner.path(recording.logprobs[first : first + heard], tokens)
    labels = np.pad(labels, (0, frames - heard), constant_values=BLANK)
    return find_phones(listener, recording, labels, begin, end)


def _seconds(grid: Grid, frames: int) -> float:
    """The length of a recording that has so many frames."""
    return (grid.field + (frames - 1) * grid.stride) / RATE
