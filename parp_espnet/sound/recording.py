"""A recording that is open: its rate, its channels, and any part of it.

A length is counted where it can be: where a header has none, or a codec cannot seek, all is decoded
once into a temporary file, of which parts are then read.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from parp_espnet.errors import describe
from parp_espnet.sound.ark import Place
from parp_espnet.sound.errors import COPY_AGAIN, SoundError, Trouble
from parp_espnet.sound.headers import bytes_behind, frames_promised, promise_of
from parp_espnet.sound.ogg import is_cut
from parp_espnet.sound.stream import BLOCK, Source, Stream, bytes_of, open_stream

SLACK = 0.1
"""Seconds that a recording may be shorter than its header says: some telephones end it so, and
nobody is cut off.
"""

_WRITE_ANEW = "write it anew as one recording, such as with sox"


class Sound:
    """A recording that is open.

    Attributes:
        rate: frames in a second.
        channels: how many there are.
        subtype: how samples are coded, as libsndfile calls it (`PCM_16`, `ULAW`, …); "" where
            ffmpeg decodes it.
        form: the container, as libsndfile calls it (`WAV`, `FLAC`, …).
        in_place: whether the recording is a file of its own that libsndfile reads, and neither
            decoded from another nor within an archive.
        promised: frames that the header says there are; None where it does not, or they are only a
            part of it. More than there are where `need_whole` has found it so.
        was_costly: whether all of it had to be decoded, which nobody wants to do again.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        temporary: ExitStack,
        decoded_of: Path | None = None,
        place: Place | None = None,
    ) -> None:
        decoded = decoded_of is not None
        self.name = name
        self._origin = decoded_of or source
        self.in_place = isinstance(source, Path) and not decoded
        self.was_costly = decoded
        self._source = source
        self._temporary = temporary
        place = source if isinstance(source, Place) else place
        self._columns = None if place is None else place.columns
        self._file = temporary.enter_context(open_stream(source))
        self._at = 0
        self.rate = int(self._file.samplerate)
        self.form = str(self._file.format)
        self.subtype = "" if decoded else str(self._file.subtype)
        self.channels = int(self._file.channels)
        rows: tuple[int, int | None] = (0, None)
        if place is not None and place.rows is not None:
            rows = place.rows
        self._first, self._end = rows
        if self._columns is not None:
            self.channels = len(range(self.channels)[slice(*self._columns)])
        self.promised = self._file.length if self._end is None else None

    def need_samples(self) -> Self:
        """Return it. Raises `SoundError` where its header says that there is nothing in it."""
        if self._file.length == 0:
            raise SoundError(self.name, Trouble.EMPTY, "samples", "a header and none")
        return self

    def frames(self) -> int:
        """Return how many there are: as the header says, where libsndfile has seen to it, or else
        counted.

        Raises `SoundError` where the recording cannot be decoded to its end.
        """
        if self._file.length is None:
            self._spool()
        length = int(self._file.frames)
        return max(0, min(length, length if self._end is None else self._end) - self._first)

    def need_whole(self) -> None:
        """Raise `SoundError` where a header promises more than there is, or a stream has no end."""
        if not isinstance(self._origin, Path):
            return
        found = self._file.length
        with bytes_of(self._origin) as file:
            if is_cut(file):
                raise self._cut("a page that ends the stream", f"none after {found} frames")
            promise = promise_of(file)
            if promise is None or promise.size == 0 or found is None:
                return
            behind = bytes_behind(file, promise)
            promised = frames_promised(file, promise, found)
        if behind > SLACK * self.rate:
            expected = f"nothing behind {found} frames, as its header says"
            more = f"{behind} bytes of more samples"
            raise SoundError(self.name, Trouble.TRUNCATED, expected, more, _WRITE_ANEW)
        if promised > found + SLACK * self.rate:
            raise self._cut(
                f"{promised} frames, as its header says", f"fewer: it ends after {found}"
            )
        self.promised = None if self.promised is None else promised

    def read(self, begin: int = 0, end: int | None = None) -> NDArray[np.float32]:
        """Return frames from `begin` to before `end` (None: to the last), (frames, channels) in
        [-1, 1].

        What lies after the end of the recording is not there, and no fault. Float recordings may go
        beyond 1.

        Raises:
            SoundError: the recording is damaged, or ends before its header says.
        """
        if begin or end is not None:
            known = self.frames()
            begin = min(begin, known)
            end = known if end is None else max(begin, min(end, known))
        elif self._first or self._end is not None:
            end = self.frames()
        try:
            self._go_to(self._first + begin)
            if end is None and self._file.length is None:
                samples = np.concatenate(
                    [np.zeros((0, self._file.channels), np.float32), *self._file.until_end()]
                )
            else:
                wanted = (self.frames() if end is None else end) - begin
                samples = self._file.part(wanted)
                if len(samples) < wanted:
                    raise soundfile.SoundFileError(f"it ends after {begin + len(samples)}")
        except soundfile.SoundFileError as error:
            raise self._damaged(error) from None
        self._at += len(samples)
        if not len(samples) and not begin and end is None:
            raise SoundError(self.name, Trouble.EMPTY, "samples", "a header and none")
        return samples if self._columns is None else samples[:, slice(*self._columns)]

    def blocks(self, frames: int = BLOCK) -> Iterator[NDArray[np.float32]]:
        """Yield all of it in blocks, each (frames, channels); errors are those of `read`."""
        if self._first or self._end is not None or self._columns is not None:
            yield self.read()
            return
        try:
            self._go_to(0)
            count = 0
            for block in self._file.until_end(frames):
                count += len(block)
                self._at = count
                yield block
            if self._file.length is not None and count < self._file.length:
                raise soundfile.SoundFileError(f"it ends after {count}")
        except soundfile.SoundFileError as error:
            raise self._damaged(error) from None

    def _go_to(self, frame: int) -> None:
        if frame == self._at:
            return
        start = self._file.right_before(frame)
        try:
            if not start <= self._at < frame:
                self._file.seek(start)
                self._at = start
            self._file.part(frame - self._at)
        except soundfile.SoundFileError:
            # Some codecs cannot (GSM 6.10, G.721), and none can go beyond an end that it does not
            # know.
            self._spool()
            self._file.seek(frame)
        self._at = frame

    def _spool(self) -> None:
        """Decode all into a temporary file, which has a length, and go on with that."""
        folder = Path(
            self._temporary.enter_context(tempfile.TemporaryDirectory(prefix="parp-sound-"))
        )
        whole = folder / "whole.w64"
        try:
            with open_stream(self._source) as file, soundfile.SoundFile(
                whole, "w", file.samplerate, file.channels, "FLOAT", format="W64"
            ) as out:  # fmt: skip
                for block in file.until_end():
                    out.write(block)
        except soundfile.SoundFileError as error:
            raise self._damaged(error) from None
        self._file = self._temporary.enter_context(Stream(whole))
        self._at = 0
        self.was_costly = True

    def _damaged(self, error: Exception) -> SoundError:
        length = self._file.length
        promised = (
            "samples to its end"
            if length is None
            else f"{self.promised or length} frames, as its header says"
        )
        return self._cut(promised, f"fewer: {words_of(error, self._source)}")

    def _cut(self, expected: str, found: str) -> SoundError:
        return SoundError(self.name, Trouble.TRUNCATED, expected, found, COPY_AGAIN)


def words_of(error: Exception, source: Any) -> str:
    """Return what an error of soundfile's says, without its kind and the path, which stand beside
    it.
    """
    words = describe(error).partition(": ")[2]
    return (
        words.removeprefix(f"Error opening {str(source)!r}: ").removeprefix("Error : ").rstrip(".")
        or "no message"
    )
