"""Any recordings, of any length, to transcripts: long ones in windows, windows of all in batches of
like length.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.phones.spelled import SPACE
from parp_espnet.recognition.audio import Failure, Source, read
from parp_espnet.recognition.grid import RATE
from parp_espnet.recognition.listening import Listener, make_batches
from parp_espnet.recognition.search import Search
from parp_espnet.recognition.transcripts import Transcript
from parp_espnet.recognition.windows import Labels, cut, join_rows

AHEAD = 600.0
"""Seconds of recordings that are read before they are decoded: of more, batches are more even, and
take more memory.
"""


@dataclass(frozen=True)
class Windows:
    """A recording of more than `longest` seconds is decoded in windows, any two of which share
    `overlap` seconds.
    """

    longest: float = 20.0
    overlap: float = 2.0


@dataclass(frozen=True, eq=False)
class _Opened:
    """A recording in memory, (samples,), and where its windows begin and end."""

    source: Source
    samples: NDArray[np.float32]
    windows: list[tuple[int, int]]

    def heard(self, begin: int) -> int:
        """Return up to which sample the windows before that which begins there have heard it."""
        return max((until for first, until in self.windows if first < begin), default=0)


def recognise(
    recogniser: Listener,
    sources: Iterable[Source | Failure],
    batch_seconds: float | None = None,
    windows: Windows = Windows(),
    done: Callable[[float], None] = lambda seconds: None,
    search: Search | None = None,
) -> Iterator[tuple[Source, Transcript] | Failure]:
    """Yield, in their order, what was recognised in recordings, and why it was not.

    Args:
        batch_seconds: audio in a batch, padding included; None is what suits the device.
        done: is told how many seconds of recordings have been decoded since it was last told.
        search: how tokens are found; None is greedily.
    """
    waiting: list[_Opened | Failure] = []
    seconds = 0.0
    for source in sources:
        opened = _open(source, windows, recogniser.grid.stride)
        waiting.append(opened)
        seconds += len(opened.samples) / RATE if isinstance(opened, _Opened) else 0.0
        if seconds >= AHEAD:
            yield from _finish(recogniser, waiting, batch_seconds, done, search)
            waiting, seconds = [], 0.0
    yield from _finish(recogniser, waiting, batch_seconds, done, search)


def _open(source: Source | Failure, windows: Windows, stride: int) -> _Opened | Failure:
    if isinstance(source, Failure):
        return source
    try:
        samples = read(source.path)
    except UserError as error:
        return Failure(source.path, str(error).removeprefix(f"{source.path}: "))
    parts = cut(len(samples), round(windows.longest * RATE), round(windows.overlap * RATE), stride)
    return _Opened(source, samples, parts)


def _finish(
    recogniser: Listener,
    waiting: list[_Opened | Failure],
    batch_seconds: float | None,
    done: Callable[[float], None],
    search: Search | None,
) -> Iterator[tuple[Source, Transcript] | Failure]:
    opened = {
        number: recording
        for number, recording in enumerate(waiting)
        if isinstance(recording, _Opened)
    }
    heard = _listen(recogniser, opened, batch_seconds, done, search is not None)
    for number, recording in enumerate(waiting):
        if isinstance(recording, Failure):
            yield recording
            continue
        parts = []
        for begin, _ in recording.windows:
            labels, rows = heard[number, begin]
            parts.append((begin // recogniser.grid.stride, labels, rows))
        seconds = len(recording.samples) / RATE
        labels, rows = join_rows(parts)
        if search is not None:
            labels = search.labels(rows)
        phones = recogniser.phones(labels, seconds)
        yield (
            recording.source,
            Transcript(
                str(recording.source.path), seconds, phones, spelled=SPACE in recogniser.tokens
            ),
        )


def _listen(
    recogniser: Listener,
    opened: dict[int, _Opened],
    batch_seconds: float | None,
    done: Callable[[float], None],
    with_logprobs: bool,
) -> dict[tuple[int, int], tuple[Labels, NDArray[np.float32]]]:
    """Return labels, and log-probabilities where they are needed, of the window of each recording
    (its number) that begins at each sample.
    """
    ends = {}
    for number, recording in opened.items():
        for begin, end in recording.windows:
            ends[number, begin] = end
    lengths = {key: end - key[1] for key, end in ends.items()}
    labelled: dict[tuple[int, int], tuple[Labels, NDArray[np.float32]]] = {}
    for batch in make_batches(lengths, recogniser.limit(batch_seconds)):
        audio = [opened[number].samples[begin : ends[number, begin]] for number, begin in batch]
        for key, heard in zip(batch, recogniser.listen(audio), strict=True):
            # Of hours of recordings there are too many log-probabilities to keep for nothing.
            rows = heard.logprobs.copy() if with_logprobs else heard.logprobs[:, 0].copy()
            labelled[key] = heard.labels, rows
        done(sum(ends[key] - opened[key[0]].heard(key[1]) for key in batch) / RATE)
    return labelled
