"""Recordings in Kaldi's archives: `FILE.ark:OFFSET`, and ranges of them,
`FILE.ark:OFFSET[FIRST:LAST]`.

What is at the offset is a whole file (wav, flac, sphere, …) or, as kaldiio writes it, `AUDIO`, a
length, and a file.
Nothing is unpickled.
"""

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from parp_espnet.files import is_file
from parp_espnet.sound.errors import SoundError, Trouble, missing
from parp_espnet.sound.headers import STREAMED, common_promise

_PLACE = re.compile(
    r"(?P<file>.*\S):(?P<offset>\d+)(?:\[(?P<rows>[\d:]*)(?:,(?P<columns>[\d:]*))?\])?"
)


@dataclass(frozen=True)
class Place:
    """Where in an archive a recording is; `rows` and `columns` are the frames and channels that are
    taken of it, the first and the one after the last, as far as it says so.
    """

    file: str
    offset: int
    rows: tuple[int, int] | None = None
    columns: tuple[int, int] | None = None


def place_of(value: str, base: Path = Path()) -> Place | None:
    """Return the place in an archive that a value of wav.scp means; None where it means a file or a
    command.

    Args:
        base: folder from which relative paths are.
    """
    match = _PLACE.fullmatch(value)
    # A file may be called "talk 10:30".
    if match is None or is_file(base / value):
        return None
    return Place(
        match["file"], int(match["offset"]), _range(match["rows"]), _range(match["columns"])
    )


def _range(words: str | None) -> tuple[int, int] | None:
    """Kaldi's ranges hold their last element, too."""
    if not words or words == ":":
        return None
    first, _, last = words.partition(":")
    return int(first or 0), int(last or first or 0) + 1


class Window(io.RawIOBase):
    """The bytes of a file from `begin` to `end`, as a file of its own, which closes that file where
    it `owns` it.

    `is_any_kind` says that kaldiio has written a length before it, so that it may be a file of any
    kind.
    """

    def __init__(self, file: BinaryIO, begin: int, end: int, owns: bool = True) -> None:
        super().__init__()
        self._owns = owns
        self.is_any_kind = False
        self._file = file
        self._begin = begin
        self._size = max(0, end - begin)
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as there are bytes, and return how many there were."""
        view = memoryview(buffer).cast("B")
        size = min(len(view), max(0, self._size - self._at))
        self._file.seek(self._begin + self._at)
        content = self._file.read(size)
        view[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        """Close the archive, too, where it is of this window alone."""
        if self._owns:
            self._file.close()
        super().close()


def open_place(place: Place) -> Window:
    """Open the recording at a place. Raises `SoundError` where there is no archive, or no recording
    at the offset.
    """
    if not is_file(place.file):
        raise missing(place.file, "none")
    file = Path(place.file).open("rb")  # noqa: SIM115
    try:
        begin, end = _bounds(file, place)
    except BaseException:
        file.close()
        raise
    window = Window(file, begin, end)
    window.is_any_kind = begin > place.offset
    return window


def _bounds(file: BinaryIO, place: Place) -> tuple[int, int]:
    size = file.seek(0, os.SEEK_END)
    where = f"{place.file}:{place.offset}"
    if place.offset >= size:
        found = f"an archive of {size} bytes"
        raise SoundError(
            where,
            Trouble.UNDECODABLE,
            "a recording at that byte",
            found,
            "is the wav.scp of this archive?",
        )
    file.seek(place.offset)
    head = file.read(26).ljust(26, b"\0")
    begin, end = place.offset, size
    if head.startswith((b"\0B", b"NPY", b"PKL")) or head.lstrip().startswith(b"["):
        found = "a matrix"
        raise SoundError(
            where, Trouble.UNDECODABLE, "waves", found, "give the recordings, not their features"
        )
    if head.startswith(b"AUDIO"):
        digits = head[5]
        begin += 6 + digits
        end = begin + int.from_bytes(head[6 : 6 + digits], "little")
    elif head.startswith(b"RIFF") and 0 < int.from_bytes(head[4:8], "little") < STREAMED:
        end = begin + 8 + int.from_bytes(head[4:8], "little")
    elif not head.startswith(b"fLaC") or not (head[21] & 0x0F or any(head[22:26])):
        end = begin + _length(file, begin, size, where)
    if end > size:
        found = f"{size - begin} bytes, where the archive ends"
        raise SoundError(
            where, Trouble.TRUNCATED, f"{end - begin} bytes", found, "copy the archive again"
        )
    return begin, end


def _length(file: BinaryIO, begin: int, size: int, where: str) -> int:
    """How many bytes a recording takes by its header, without which nobody knows where the next one
    begins.
    """
    window = Window(file, begin, size, owns=False)
    promise = common_promise(window)
    if promise is None:
        found = "a header without one, or a kind that has none"
        advice = "write the archive again, as Kaldi's wav-copy or kaldiio does"
        raise SoundError(where, Trouble.UNDECODABLE, "a length", found, advice)
    return promise.begin + promise.size
