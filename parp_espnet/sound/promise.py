"""What a header promises, and chunks, in which most headers are made."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

type Bytes = BinaryIO | io.RawIOBase
type Order = Literal["little", "big"]


@dataclass(frozen=True)
class Promise:
    """The bytes of samples that a header promises, where they begin, and those of a frame (0 where
    it does not say).
    """

    size: int
    begin: int
    frame: int = 0


def chunks(file: Bytes, order: Order) -> Iterator[tuple[bytes, int]]:
    """Yield the name and size of each chunk of a RIFF or IFF file, with the file at the beginning
    of its body.
    """
    place = 12
    while True:
        file.seek(place)
        head = file.read(8) or b""
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], order)
        yield head[:4], size
        # A chunk of an odd size has a byte of padding.
        place += 8 + size + size % 2
