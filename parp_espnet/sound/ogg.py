"""Whether an Ogg file (Vorbis, Opus) has its end: to libsndfile, the last page that is whole is the
last there was.
"""

import io
import re
from typing import BinaryIO

_FIRST = re.compile(rb"OggS\x00[\x02\x03]")
"""The page that begins a stream."""
_HEADER = 27
_LONGEST = _HEADER + 255 + 255 * 255
"""Bytes of the longest page."""
_LAST = 4
"""The flag of the page that ends a stream (RFC 3533, section 6)."""


def is_chained(content: bytes) -> bool:
    """Return whether an Ogg file holds another stream after the first, of which libsndfile reads
    the first alone.
    """
    return content[:4] == b"OggS" and _FIRST.search(content, 4) is not None


def is_cut(file: BinaryIO | io.RawIOBase) -> bool:
    """Return whether a file is Ogg and the whole page at its end, if there is one, is not the last
    of its stream.
    """
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    size = file.seek(0, 2)
    file.seek(max(0, size - 2 * _LONGEST))
    tail = file.read()
    begin = tail.rfind(b"OggS")
    while begin >= 0:
        header = tail[begin : begin + _HEADER]
        if len(header) == _HEADER:
            sizes = tail[begin + _HEADER : begin + _HEADER + header[26]]
            if len(sizes) == header[26] and begin + _HEADER + len(sizes) + sum(sizes) == len(tail):
                return not header[5] & _LAST
        # The letters may be in the middle of a page by chance.
        begin = tail.rfind(b"OggS", 0, begin)
    return True
