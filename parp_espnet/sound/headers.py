"""What a header says of its length, which libsndfile corrects in silence where the file
is shorter.
"""

import io
import re

from parp_espnet.sound.promise import Bytes, Order, Promise, chunks
from parp_espnet.sound.rare_headers import rare_promise

STREAMED = 0x7FFFF000
"""A length from here on is what a program writes that does not know it yet, into a pipe."""

_PLAIN = (1, 3, 6, 7, 0xFFFE)
"""Formats of wav in which a frame has a size: PCM, floats, A-law, mu-law, or any of these with more
said.
"""
_SAMPLES = (b"data", b"RIFF", b"RF64")
"""Chunks that hold samples, or another wav that was put behind the first."""
_LONG = 2**62
_NIST = re.compile(rb"^(\w+) -\S+ (.*?)\s*$", re.MULTILINE)


def promise_of(file: Bytes) -> Promise | None:
    """Return what a header says, that of `common_promise` or of one of the kinds of
    `rare_headers`.
    """
    return common_promise(file) or rare_promise(file)


def common_promise(file: Bytes) -> Promise | None:
    """Return what the header of a wav (RIFF, RF64, W64), an aiff, au or sphere says; None where it
    does not.
    """
    file.seek(0)
    head = file.read(12) or b""
    if head[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and head[8:] == b"WAVE":
        return _riff(file, "big" if head[:4] == b"RIFX" else "little")
    if head[:4] == b"riff":
        return _w64(file)
    if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return _aiff(file, head[8:] == b"AIFF")
    if head[:4] == b".snd":
        file.seek(4)
        offset = int.from_bytes(file.read(4) or b"", "big")
        size = int.from_bytes(file.read(4) or b"", "big")
        return Promise(size, offset) if size < 0xFFFFFFFF else None
    return _nist(file) if head[:7] == b"NIST_1A" else None


def bytes_behind(file: Bytes, promise: Promise) -> int:
    """Return how many bytes of a wav lie behind its samples that are more samples, which its header
    leaves out: what is no chunk, a second chunk of samples, or another wav. Zeros that fill a block
    of a disk are none.
    """
    file.seek(0)
    if file.read(4) != b"RIFF":
        return 0
    size = file.seek(0, io.SEEK_END)
    end = promise.begin + promise.size + promise.size % 2
    place = end
    while size - place >= 8:
        file.seek(place)
        head = file.read(8) or b""
        name, length = head[:4], int.from_bytes(head[4:], "little")
        is_chunk = (
            name.isascii()
            and name.decode("ascii", "replace").isprintable()
            and place + length <= size
        )
        if name in _SAMPLES and place + length <= size:
            return size - place
        if not is_chunk:
            # Behind a chunk of an odd size without its padding there is no telling what is what.
            return 0 if place > end or _is_zeros(file, end) else size - end
        place += 8 + length + length % 2
    return 0


def _is_zeros(file: Bytes, place: int) -> bool:
    file.seek(place)
    block = file.read(1 << 20)
    while block:
        if block.strip(b"\0"):
            return False
        block = file.read(1 << 20)
    return True


def with_open_end(content: bytes) -> bytes:
    """Return a wav whose header leaves the length open, so that libsndfile reads it to its end."""
    changed = bytearray(content)
    place = changed.index(b"data", 12)
    changed[place + 4 : place + 8] = b"\xff" * 4
    return bytes(changed)


def frames_promised(file: Bytes, promise: Promise, frames: int) -> int:
    """Return how many frames a header promises of a file of which libsndfile has `frames`; never
    fewer.
    """
    there = file.seek(0, io.SEEK_END) - promise.begin
    if promise.size <= there or there <= 0:
        return frames
    if promise.frame:
        return max(frames, promise.size // promise.frame)
    return round(frames * promise.size / there)


def _riff(file: Bytes, order: Order) -> Promise | None:
    frame, long = 0, 0
    for name, size in chunks(file, order):
        if name == b"ds64":
            file.seek(8, io.SEEK_CUR)
            long = int.from_bytes(file.read(8) or b"", "little")
        elif name == b"fmt ":
            frame = _frame(file.read(16) or b"", order)
        elif name == b"data":
            if size == 0xFFFFFFFF and 0 < long < _LONG:
                return Promise(long, file.tell(), frame)
            return Promise(size, file.tell(), frame) if size < STREAMED else None
    return None


def _frame(form: bytes, order: Order = "little") -> int:
    """The bytes of a frame, by the body of `fmt `; 0 where frames are coded in blocks."""
    if int.from_bytes(form[:2], order) not in _PLAIN:
        return 0
    return int.from_bytes(form[12:14], order)


def _w64(file: Bytes) -> Promise | None:
    place, frame = 40, 0
    while True:
        file.seek(place)
        head = file.read(24) or b""
        size = int.from_bytes(head[16:], "little")
        if len(head) < 24 or size < 24:
            return None
        if head[:4] == b"fmt ":
            frame = _frame(file.read(16) or b"")
        elif head[:4] == b"data":
            return Promise(size - 24, place + 24, frame) if size < _LONG else None
        place += -(-size // 8) * 8


def _aiff(file: Bytes, plain: bool) -> Promise | None:
    frame = 0
    for name, size in chunks(file, "big"):
        if name == b"COMM" and plain:
            body = file.read(8) or b""
            frame = int.from_bytes(body[:2], "big") * -(-int.from_bytes(body[6:], "big") // 8)
        elif name == b"SSND":
            offset = int.from_bytes(file.read(4) or b"", "big")
            begin = file.tell() + 4 + offset
            return Promise(size - 8 - offset, begin, frame) if 8 < size < STREAMED else None
    return None


def _nist(file: Bytes) -> Promise | None:
    file.seek(8)
    words = (file.read(8) or b"").strip()
    if not words.isdigit():
        return None
    begin = int(words)
    file.seek(0)
    fields = dict(_NIST.findall(file.read(min(begin, 1 << 16)) or b""))
    try:
        count = int(fields[b"sample_count"])
        width = int(fields[b"sample_n_bytes"])
        channels = int(fields[b"channel_count"])
    except (KeyError, ValueError):
        return None
    # Compressed ones (shorten) have fewer bytes than samples.
    if b"," in fields.get(b"sample_coding", b""):
        return None
    return Promise(count * width * channels, begin, width * channels)
