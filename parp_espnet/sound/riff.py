"""What the header of a wav says, which libsndfile corrects in silence where the file is shorter."""

import io
from typing import BinaryIO

STREAMED = 0x7FFFF000
"""A length from here on is what a program writes that does not know it yet, into a pipe."""


def frames_of_header(file: BinaryIO | io.RawIOBase) -> int | None:
    """Return how many frames the header of a RIFF wav promises; None where it is no such file or does not say."""
    file.seek(0)
    if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
        return None
    return _frames(file)


def _frames(file: BinaryIO | io.RawIOBase) -> int | None:
    block = 0
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            return size // block if block and size < STREAMED else None
        # A chunk of an odd size has a byte of padding.
        body = file.tell() + size + size % 2
        if head[:4] == b"fmt ":
            form = file.read(16)
            # The size of a frame is known where samples are PCM (1) or floats (3), or either with more said (0xFFFE).
            plain = int.from_bytes(form[:2], "little") in (1, 3, 0xFFFE)
            block = int.from_bytes(form[12:14], "little") if plain else 0
        file.seek(body)
    return None
