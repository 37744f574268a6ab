"""Any recordings, of any length, to transcripts: long ones in pieces, pieces of all in batches of
like length.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.phones.spelled import SPACE, are_pieces
from parp_espnet.recognition.audio import Failure, Source, read_blocks
from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.listening import Listener, make_batches
from parp_espnet.recognition.pieces import USUAL, Piece, Windows, make_pieces
from parp_espnet.recognition.search import Search
from parp_espnet.recognition.transcripts import Transcript
from parp_espnet.recognition.windows import Labels, join_rows

AHEAD = 300.0
"""Seconds of recordings that are read before they are decoded: of more, batches are more even, and
take more memory.
"""

Rows = NDArray[np.float32]
Key = tuple[int, int]
"""The number of a recording, and the first sample of a piece."""


@dataclass(eq=False)
class _Opened:
    """A recording as far as it has been read.

    Attributes:
        heard: first frame, labels and log-probabilities of each piece.
        failure: why it cannot be read.
    """

    source: Source
    samples: int = 0
    heard: list[tuple[int, Labels, Rows]] = field(default_factory=list)
    failure: Failure | None = None


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
    opened: dict[int, _Opened | Failure] = {}
    waiting: dict[Key, Piece] = {}
    seconds = 0.0
    for number, source in enumerate(sources):
        if isinstance(source, Failure):
            opened[number] = source
            continue
        opened[number] = recording = _Opened(source)
        for piece in _read(recording, windows, recogniser.grid):
            waiting[number, piece.begin] = piece
            seconds += len(piece.samples) / RATE
            if seconds >= AHEAD:
                _listen(recogniser, opened, waiting, batch_seconds, done, search)
                waiting, seconds = {}, 0.0
                # Of this one, there may be more to come.
                yield from _finish(recogniser, opened, search, before=number)
    _listen(recogniser, opened, waiting, batch_seconds, done, search)
    yield from _finish(recogniser, opened, search)


def _read(recording: _Opened, windows: Windows, grid: Grid) -> Iterator[Piece]:
    """Yield the pieces of a recording; where it cannot be read to its end, why is noted."""
    path = recording.source.path
    try:
        for piece in make_pieces(read_blocks(path), windows, grid):
            recording.samples = piece.begin + len(piece.samples)
            yield piece
    except UserError as error:
        recording.failure = Failure(path, str(error).removeprefix(f"{path}: "))


def _listen(
    recogniser: Listener,
    opened: Mapping[int, _Opened | Failure],
    pieces: Mapping[Key, Piece],
    batch_seconds: float | None,
    done: Callable[[float], None],
    search: Search | None,
) -> None:
    """Hear pieces, and give each recording what was heard of it."""
    lengths = {key: len(piece.samples) for key, piece in pieces.items()}
    for batch in make_batches(lengths, recogniser.limit(batch_seconds)):
        audio = [pieces[key].samples for key in batch]
        for key, heard in zip(batch, recogniser.listen(audio), strict=True):
            recording = opened[key[0]]
            assert isinstance(recording, _Opened)
            # Of hours of recordings there are too many log-probabilities to keep for nothing.
            rows = heard.logprobs[:, 0] if search is None else heard.logprobs
            first = pieces[key].begin // recogniser.grid.stride
            recording.heard.append((first, heard.labels, rows.copy()))
        done(sum(pieces[key].fresh for key in batch) / RATE)


def _finish(
    recogniser: Listener,
    opened: dict[int, _Opened | Failure],
    search: Search | None,
    before: int | None = None,
) -> Iterator[tuple[Source, Transcript] | Failure]:
    """Yield what was heard in recordings, or in those before a number, and forget it."""
    for number in list(opened):
        if before is not None and number >= before:
            return
        recording = opened.pop(number)
        if isinstance(recording, Failure):
            yield recording
        elif recording.failure is not None:
            yield recording.failure
        else:
            yield recording.source, _transcribe(recogniser, recording, search)


def _transcribe(recogniser: Listener, recording: _Opened, search: Search | None) -> Transcript:
    seconds = recording.samples / RATE
    labels, rows = join_rows(sorted(recording.heard, key=lambda part: part[0]))
    if search is not None:
        labels = search.labels(rows)
    phones = recogniser.phones(labels, seconds)
    name = str(recording.source.path)
    spelled = SPACE in recogniser.tokens or are_pieces(recogniser.tokens)
    return Transcript(name, seconds, phones, spelled)
