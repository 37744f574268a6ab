"""What a model says of recordings, frame by frame: long ones in pieces, pieces of all in batches of
like length.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Failure, Source, read_blocks
from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.listening import Listener, make_batches
from parp_espnet.recognition.pieces import USUAL, Piece, Windows, make_pieces
from parp_espnet.recognition.spectra import Spectra
from parp_espnet.recognition.windows import Labels, join_rows

Rows = NDArray[np.float32]
Key = tuple[int, int]
"""The number of a recording, and the first sample of a piece."""


@dataclass(frozen=True, eq=False)
class Recording:
    """What was heard of a recording.

    Attributes:
        seconds: its length.
        labels: the best label of each frame, (frames,).
        logprobs: natural logarithms, (frames, labels).
        spectra: see `Spectra.rows`.
        quiet: which of them are, (spectra,).
    """

    seconds: float
    labels: Labels
    logprobs: Rows
    spectra: Rows
    quiet: NDArray[np.bool_]


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
    spectra: Spectra = field(default_factory=Spectra)
    failure: Failure | None = None


@dataclass(frozen=True)
class Hearing:
    """How recordings are heard.

    Attributes:
        batch_seconds: audio in a batch, padding included; None is what suits the device.
        windows: how long recordings are divided.
        done: is told how many seconds of recordings have been heard since it was last told.
        ahead: seconds of recordings that are read before they are heard.
    """

    recogniser: Listener
    batch_seconds: float | None = None
    windows: Windows = USUAL
    done: Callable[[float], None] = lambda seconds: None
    ahead: float = 300.0

    def hear(
        self, sources: Iterable[Source | Failure]
    ) -> Iterator[tuple[Source, Recording] | Failure]:
        """Yield, in their order, what was heard of recordings, and why one was not.

        Of the samples of recordings some minutes are in memory, however long they are.
        """
        opened: dict[int, _Opened | Failure] = {}
        waiting: dict[Key, Piece] = {}
        seconds = 0.0
        for number, source in enumerate(sources):
            if isinstance(source, Failure):
                opened[number] = source
                continue
            opened[number] = recording = _Opened(source)
            for piece in _read(recording, self.windows, self.recogniser.grid):
                waiting[number, piece.begin] = piece
                seconds += len(piece.samples) / RATE
                if seconds >= self.ahead:
                    self._listen(opened, waiting)
                    waiting, seconds = {}, 0.0
                    # Of this one, there may be more to come.
                    yield from _finish(opened, before=number)
        self._listen(opened, waiting)
        yield from _finish(opened)

    def _listen(self, opened: Mapping[int, _Opened | Failure], pieces: Mapping[Key, Piece]) -> None:
        """Hear pieces, and give each recording what was heard of it."""
        lengths = {key: len(piece.samples) for key, piece in pieces.items()}
        for batch in make_batches(lengths, self.recogniser.limit(self.batch_seconds)):
            audio = [pieces[key].samples for key in batch]
            for key, heard in zip(batch, self.recogniser.listen(audio), strict=True):
                recording = opened[key[0]]
                assert isinstance(recording, _Opened)
                first = pieces[key].begin // self.recogniser.grid.stride
                recording.heard.append((first, heard.labels, heard.logprobs.copy()))
            self.done(sum(pieces[key].fresh for key in batch) / RATE)


def _read(recording: _Opened, windows: Windows, grid: Grid) -> Iterator[Piece]:
    """Yield the pieces of a recording; where it cannot be read to its end, why is noted."""
    path = recording.source.path
    try:
        blocks = recording.spectra.through(read_blocks(path, recording.source.excerpt))
        for piece in make_pieces(blocks, windows, grid):
            recording.samples = piece.begin + len(piece.samples)
            yield piece
    except UserError as error:
        recording.failure = Failure(path, str(error).removeprefix(f"{path}: "))


def _finish(
    opened: dict[int, _Opened | Failure], before: int | None = None
) -> Iterator[tuple[Source, Recording] | Failure]:
    """Yield what was heard of recordings, or of those before a number, and forget it."""
    for number in list(opened):
        if before is not None and number >= before:
            return
        recording = opened.pop(number)
        if isinstance(recording, Failure):
            yield recording
        elif recording.failure is not None:
            yield recording.failure
        else:
            yield recording.source, _joined(recording)


def _joined(recording: _Opened) -> Recording:
    labels, rows = join_rows(sorted(recording.heard, key=lambda part: part[0]))
    spectra = recording.spectra
    return Recording(recording.samples / RATE, labels, rows, spectra.rows(), spectra.quiet())
