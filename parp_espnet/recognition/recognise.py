"""Any recordings, of any length, to transcripts."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from parp_espnet.decoding.lexicon import Lexicon
from parp_espnet.phones.spelled import holds_words
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.hearing import Hearing, Recording
from parp_espnet.recognition.intervals import find_phones
from parp_espnet.recognition.labels import collapse
from parp_espnet.recognition.listening import Listener
from parp_espnet.recognition.pieces import USUAL, Windows
from parp_espnet.recognition.search import Search
from parp_espnet.recognition.transcripts import Phone, Transcript, joined

AHEAD = 300.0
"""Seconds of recordings that are read before they are decoded: of more, batches are more even, and
take more memory.
"""


def recognise(
    recogniser: Listener,
    sources: Iterable[Source | Failure],
    batch_seconds: float | None = None,
    windows: Windows = USUAL,
    done: Callable[[float], None] = lambda seconds: None,
    search: Search | None = None,
) -> Iterator[tuple[Source, Transcript] | Failure]:
    """Yield, in their order, what was recognised in recordings, and why it was not.

    Of the samples of recordings some minutes are in memory, however long they are.

    Args:
        batch_seconds: audio in a batch, padding included; None is what suits the device.
        windows: how long recordings are divided.
        done: is told how many seconds of recordings have been decoded since it was last told.
        search: how tokens are found; None is greedily.
    """
    hearing = Hearing(recogniser, batch_seconds, windows, done, AHEAD)
    for heard in hearing.hear(sources):
        if isinstance(heard, Failure):
            yield heard
        else:
            source, recording = heard
            yield source, _transcribe(recogniser, source, recording, search)


def _transcribe(
    recogniser: Listener, source: Source, recording: Recording, search: Search | None
) -> Transcript:
    if search is None:
        labels = recording.labels
        phones = find_phones(recogniser, recording, labels)
    else:
        labels = search.labels(recording.logprobs)
        phones = find_phones(recogniser, recording, labels, calibration=search.calibration)
    is_spelled = holds_words(recogniser.tokens)
    words = None
    if search is not None and search.models.lexicon is not None and not is_spelled:
        words = _words(search.models.lexicon, collapse(labels.tolist()), phones)
    return Transcript(str(source.path), recording.seconds, phones, is_spelled, words=words)


def _words(lexicon: Lexicon, tokens: Sequence[int], phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """The words that phones make up; the last tokens may have none, in the silence after a short
    recording.
    """
    words = []
    for word in lexicon.words_of(tokens):
        within = phones[word.begin : word.end]
        if within:
            words.append(joined(word.name, within))
    return tuple(words)
