"""A recording as libsndfile decodes it, from the beginning to the end, whether or not its header
knows the end.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from parp_espnet.sound.ark import Place, open_place

BLOCK = 2**20
"""Frames that are decoded at a time."""

type Source = Path | Place | bytes
"""A file, a place in an archive, or what a file would hold."""

_ENDLESS = 2**48
"""libsndfile has so many frames or more where a header has no length."""
_RESERVOIR = 2.0
"""Seconds of an mp3 that are decoded before a part of it. Up to 511 bytes of a frame stand in
frames before it, and of these the smallest, of 8 kbit/s, holds some 11: libsndfile goes right to
where it is told, and gives silence until it has them.
"""
_LAST_PAGE = 255 * 4096
"""Frames that the last page of an Ogg Vorbis has at most: 255 packets, of half of the largest block
each. Within it libsndfile goes to another frame than it is told.
"""


class Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A file of soundfile's that does not go to where it is already.

    After each read soundfile seeks to the frame after it. Where a header has no length (a FLAC out
    of a pipe), or the codec cannot seek, the last of these seeks fails though every sample has been
    read; in mp3 each costs a frame.
    """

    def seekable(self) -> bool:
        """Tell soundfile not to seek by itself; `seek` works where libsndfile can."""
        return False

    @property
    def length(self) -> int | None:
        """Frames, as the header says; None where it does not."""
        return int(self.frames) if self.frames < _ENDLESS else None

    def right_before(self, frame: int) -> int:
        """Return the last frame from which on libsndfile decodes what the whole has at `frame`."""
        subtype = str(self.subtype)
        if subtype.startswith("MPEG_LAYER"):
            return max(0, frame - round(_RESERVOIR * int(self.samplerate)))
        if subtype == "VORBIS" and self.length is not None:
            return max(0, min(frame, self.length - _LAST_PAGE))
        return frame

    def until_end(self, frames: int = BLOCK) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of (frames or fewer, channels) up to the end."""
        while True:
            block: NDArray[np.float32] = self.read(frames, dtype="float32", always_2d=True)
            if len(block):
                yield block
            if len(block) < frames:
                return

    def part(self, frames: int) -> NDArray[np.float32]:
        """Return the next frames, fewer at the end, (frames, channels); a length that is not true
        takes no memory.
        """
        blocks = []
        left = frames
        while left > 0:
            block = self.read(min(left, BLOCK), dtype="float32", always_2d=True)
            blocks.append(block)
            left -= len(block)
            if len(block) < BLOCK:
                break
        if len(blocks) == 1:
            return np.asarray(blocks[0], np.float32)
        return np.concatenate([np.zeros((0, self.channels), np.float32), *blocks])


def open_stream(source: Source) -> Stream:
    """Open a source.

    Raises what soundfile does: `SoundFileError`, or `TypeError` for raw samples, whose rate nobody
    has said; and `SoundError` for an archive.
    """
    if isinstance(source, Path):
        return Stream(source)
    if isinstance(source, bytes):
        return Stream(io.BytesIO(source))
    window = open_place(source)
    try:
        return Stream(window)
    except BaseException:
        window.close()
        raise


@contextlib.contextmanager
def bytes_of(source: Source) -> Iterator[BinaryIO | io.RawIOBase]:
    """Yield the bytes that `open_stream` would decode."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        with open_place(source) as window:
            yield window
