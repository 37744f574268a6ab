"""What the headers of kinds say that few people have: VOC, CAF, SVX, AVR, Psion's WVE, MPC 2000's,
Matlab's.

Those of IRCAM, PAF, PVF, SD2 and XI do not say how long a recording is; nobody can tell whether one
of these is whole.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from parp_espnet.sound.promise import Bytes, Order, Promise, chunks

UNTOLD = frozenset({"IRCAM", "PAF", "PVF", "SD2", "XI"})
"""The kinds, by libsndfile's names, whose headers do not say how long a recording is."""

_VOC_PLAIN, _VOC_NEW = 1, 9
"""Blocks of samples; what is before the samples takes 2 and 12 bytes."""
_VOC_SAMPLES = (_VOC_PLAIN, 2, _VOC_NEW)
"""The second kind goes on with what is before it."""
_MATRIX = 14
_MATLAB_4_LITTLE, _MATLAB_4_BIG = b"\0\0\0\0\1\0\0\0", b"\0\0\x03\xe8\0\0\0\1"
_WIDTHS = (8, 4, 4, 2, 2, 1)
"""Bytes of a number in Matlab's fourth format, by its code."""


def rare_promise(file: Bytes) -> Promise | None:
    """Return what the header of a file of one of these kinds says; None where it is
    another kind.
    """
    file.seek(0)
    head = (file.read(128) or b"").ljust(128, b"\0")
    for signature, read in _READERS.items():
        if head.startswith(signature):
            return read(file, head)
    return None


def _avr(_: Bytes, head: bytes) -> Promise:
    frame = int.from_bytes(head[14:16], "big") // 8 * (2 if any(head[12:14]) else 1)
    return Promise(int.from_bytes(head[26:30], "big") * frame, 128, frame)


def _psion(_: Bytes, head: bytes) -> Promise:
    return Promise(int.from_bytes(head[18:22], "big"), 32, 1)


def _mpc(_: Bytes, head: bytes) -> Promise:
    frame = 2 * (1 + head[21])
    return Promise(int.from_bytes(head[30:34], "little") * frame, 42, frame)


def _voc(file: Bytes, head: bytes) -> Promise | None:
    """All blocks of samples as one, from the first to the end of the last."""
    promise: Promise | None = None
    for kind, size, begin in _blocks(file, head):
        if kind == _VOC_PLAIN:
            promise = promise or Promise(size - 2, begin + 2)
        elif kind == _VOC_NEW:
            file.seek(begin)
            form = (file.read(6) or b"").ljust(6, b"\0")
            promise = promise or Promise(size - 12, begin + 12, form[4] // 8 * form[5])
        if promise is not None and kind in _VOC_SAMPLES:
            promise = replace(promise, size=begin + size - promise.begin)
    return promise


def is_in_blocks(file: Bytes) -> bool:
    """Return whether a VOC has several blocks of samples: libsndfile takes the heads of all but one
    for samples.
    """
    file.seek(0)
    head = file.read(26) or b""
    return sum(kind in _VOC_SAMPLES for kind, _, _ in _blocks(file, head)) > 1


def _blocks(file: Bytes, head: bytes) -> Iterator[tuple[int, int, int]]:
    """The kind of each block of a VOC, the size of its body, and where that begins."""
    place = int.from_bytes(head[20:22], "little")
    while True:
        file.seek(place)
        block = file.read(4) or b""
        if len(block) < 4 or block[0] == 0:
            return
        size = int.from_bytes(block[1:], "little")
        yield block[0], size, place + 4
        place += 4 + size


def _caf(file: Bytes, _: bytes) -> Promise | None:
    place = 8
    while True:
        file.seek(place)
        head = file.read(12) or b""
        size = int.from_bytes(head[4:], "big", signed=True)
        # A size of -1 is that of a stream.
        if len(head) < 12 or size < 0:
            return None
        if head[:4] == b"data":
            return Promise(size - 4, place + 16)
        place += 12 + size


def _svx(file: Bytes, head: bytes) -> Promise | None:
    if head[8:12] not in (b"8SVX", b"16SV"):
        return None
    for name, size in chunks(file, "big"):
        if name == b"BODY":
            return Promise(size, file.tell())
    return None


def _matlab_5(file: Bytes, head: bytes) -> Promise | None:
    """The second matrix; the first one holds the rate."""
    order: Order = "little" if head[126:128] == b"IM" else "big"
    place = 128
    for number in range(2):
        file.seek(place)
        kind, size = _number(file, order), _number(file, order)
        if kind != _MATRIX:
            return None
        if number == 0:
            place += 8 + size
    place += 8
    # Before the samples there are flags, dimensions and a name, each padded to eight bytes.
    for _ in range(3):
        file.seek(place)
        kind, size = _number(file, order), _number(file, order)
        # A short one stands in the tag itself.
        place += 8 if kind >> 16 else 8 + -(-size // 8) * 8
    file.seek(place + 4)
    return Promise(_number(file, order), place + 8)


def _matlab_4(file: Bytes, head: bytes) -> Promise | None:
    """The second matrix; the first one holds the rate."""
    order: Order = "little" if head.startswith(_MATLAB_4_LITTLE) else "big"
    place = 0
    for number in range(2):
        file.seek(place)
        kind, rows, columns, _, letters = (_number(file, order) for _ in range(5))
        code = kind // 10 % 10
        if code >= len(_WIDTHS):
            return None
        begin = place + 20 + letters
        size = rows * columns * _WIDTHS[code]
        if number == 1:
            return Promise(size, begin, rows * _WIDTHS[code])
        place = begin + size
    return None


def _number(file: Bytes, order: Order) -> int:
    return int.from_bytes(file.read(4) or b"", order)


_READERS: Mapping[bytes, Callable[[Bytes, bytes], Promise | None]] = {
    b"Creative Voice File\x1a": _voc,
    b"caff": _caf,
    b"FORM": _svx,
    b"2BIT": _avr,
    b"ALawSoundFile**": _psion,
    b"\x01\x04": _mpc,
    b"MATLAB 5.0": _matlab_5,
    _MATLAB_4_LITTLE: _matlab_4,
    _MATLAB_4_BIG: _matlab_4,
}
"""By what such a file begins with; the function is given the first 128 bytes as well."""
