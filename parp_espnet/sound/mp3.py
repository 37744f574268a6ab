"""What an mp3's first frame says, or ought to say: how many frames there are, and how much silence
is before the sound.

libsndfile guesses the length of an mp3 without such a frame by its first frames, and reads no
further than that: of one with a variable rate it leaves out any part. Here the frames are counted,
and that frame is put before them.

An encoder puts silence before the sound and says in a first frame of its own (Xing's or LAME's) how
much. libsndfile drops both. Praat, whose times a TextGrid has to fit, keeps that frame as silence,
and always drops 625 samples (`external/mp3/mp3.cpp`: 529 of the decoder, 96 of the encoder).
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from parp_espnet.sound.headers import promise_of

_DROPPED_BY_PRAAT = 625
_DECODER = 529
_TAG = re.compile(rb"Xing|Info|VBRI")
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""By the version of MPEG: 3 is the first, 2 the second, 0 "2.5"."""
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By whether it is the first version."""
_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
"""The beginning of a frame of layer 3."""
_FEW = 4
_FIRST = 1 << 16
"""Bytes in which the first frame is, after the tag before it."""


class Mp3Times(StrEnum):
    """Whose times are those of an mp3."""

    DECODED = "decoded"
    """What libsndfile decodes."""
    PRAAT = "praat"
    """As Praat shows them, silence of the encoder's included."""


@dataclass(frozen=True)
class Frame:
    """A frame of layer 3: its `size` in bytes, its `samples`, and the `rate`; `kind` is what all of
    a file share.
    """

    size: int
    samples: int
    rate: int
    kind: bytes
    side: int
    """Bytes before the place where a first frame says what it says."""


def frame_at(content: bytes, place: int) -> Frame | None:
    """Return the frame that begins at a place; None where there is none."""
    head = content[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, coded, rate, pad = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version not in _RATES or coded in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    samples, hertz = 1152 if is_first else 576, _RATES[version][rate]
    size = samples // 8 * 1000 * _KBITS[is_first][coded] // hertz + pad
    side = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[
        is_first, head[3] >> 6 == 3
    ]
    return Frame(size, samples, hertz, bytes([head[1] & 0xFE, head[2] & 0x0C]), 4 + side)


def with_length(path: Path) -> bytes | None:
    """Return an mp3 (in a wav, too) whose first frame does not say how many there are, or says it
    of a part of the file, with a frame that does; None where it says it, and for what has no
    frames.
    """
    whole = path.read_bytes()
    if whole[:4] in (b"RIFF", b"RF64"):
        promise = promise_of(io.BytesIO(whole))
        whole = b"" if promise is None else whole[promise.begin : promise.begin + promise.size]
    content = whole[_first_frame(whole) :]
    first = frame_at(content, 0)
    if first is None or _says_all(content, first):
        return None
    if _TAG.search(content[: first.side + 40]):
        content = content[first.size :]
    count = sum(1 for _ in _frames(content, first))
    said = b"Xing" + (1).to_bytes(4, "big") + count.to_bytes(4, "big")
    head = _head_of_size(content[:4], first.side + len(said))
    frame = frame_at(head, 0)
    if frame is None:
        return None
    return (head + bytes(first.side - 4) + said).ljust(frame.size, b"\0") + content


def _first_frame(whole: bytes) -> int:
    """Where the first frame begins that another one follows: before it there may be a tag, or half
    a frame.
    """
    place = _tag_size(whole[:10])
    for sync in _SYNC.finditer(whole, place, place + _FIRST):
        frame = frame_at(whole, sync.start())
        if frame is None:
            continue
        following = frame_at(whole, sync.start() + frame.size)
        if following is not None and following.kind == frame.kind:
            return sync.start()
    return place


def _says_all(content: bytes, first: Frame) -> bool:
    """Whether the first frame says how many there are, and of all of the file: two mp3s in a row
    are no such.
    """
    tag = _TAG.search(content[: first.side + 40])
    if tag is None:
        return False
    place = tag.end()
    flags = int.from_bytes(content[place : place + 4], "big")
    if tag.group() == b"VBRI" or flags & 3 != 3:
        return True
    size = int.from_bytes(content[place + 8 : place + 12], "big")
    size += _tag_size(content[size : size + 10])
    # Some encoders forget a frame.
    return frame_at(content, size) is None or size + _FEW * first.size > len(content)


def _head_of_size(head: bytes, least: int) -> bytes:
    """The head of a frame like another, without its checksum, that has room for so many bytes."""
    for coded in range(1, 15):
        changed = bytes([head[0], head[1] | 1, head[2] & 0x0D | coded << 4, head[3]])
        frame = frame_at(changed, 0)
        if frame is not None and frame.size >= least:
            return changed
    return b""


def _frames(content: bytes, first: Frame) -> Iterator[int]:
    """Where each frame begins; what lies between is passed over."""
    place = 0
    while place < len(content):
        frame = frame_at(content, place)
        if frame is not None and frame.kind == first.kind:
            if place + frame.size <= len(content):
                yield place
            place += frame.size
            continue
        sync = _SYNC.search(content, place + 1)
        if sync is None:
            return
        place = sync.start()


def _tag_size(head: bytes) -> int:
    """The size of the tag (ID3) before the first frame: so many bytes, seven bits in each."""
    if head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 127
    return 10 + size


def _begin_of(path: Path) -> tuple[bytes, Frame | None]:
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] != b"ID3" and head[:1] != b"\xff":
            return b"", None
        file.seek(_tag_size(head))
        begin = file.read(_FIRST)
    return begin, frame_at(begin, 0)


def lead_in_praat(path: Path) -> float:
    """Return the seconds by which a recording begins later in Praat, negative for earlier; 0 where
    it is no mp3.
    """
    begin, frame = _begin_of(path)
    if frame is None:
        return 0.0
    tag = _TAG.search(begin[: frame.side + 40])
    if tag is None:
        # `with_length` says how many frames there are, upon which libsndfile drops the decoder's
        # delay.
        return (_DECODER - _DROPPED_BY_PRAAT) / frame.rate
    place = tag.end()
    flags = int.from_bytes(begin[place : place + 4], "big")
    # Four fields that may each be there, and then the encoder's name and what it says of itself.
    lame = place + 4
    for bit, size in enumerate((4, 4, 100, 4)):
        if flags >> bit & 1:
            lame += size
    delay = int.from_bytes(begin[lame + 21 : lame + 23], "big") >> 4
    dropped = delay + _DECODER if begin[lame : lame + 4].strip(b"\0") else 0
    return (frame.samples + dropped - _DROPPED_BY_PRAAT) / frame.rate
