"""Files whose headers would make libsndfile stop before their end, in silence."""

from pathlib import Path

from parp_espnet.sound.headers import bytes_behind, promise_of, with_open_end
from parp_espnet.sound.mp3 import with_length
from parp_espnet.sound.ogg import is_chained
from parp_espnet.sound.rare_headers import is_in_blocks


class ChainedError(Exception):
    """A file holds more than libsndfile would read of it."""


def true_source(path: Path, form: str, subtype: str, is_empty: bool) -> Path | bytes:
    """Return a file, or what it would hold if its header were true, where libsndfile would stop
    before its end.

    `form` and `subtype` are libsndfile's, and `is_empty` is whether it finds no sample in it.

    Raises `ChainedError` where no header could make it read all.
    """
    if subtype == "MPEG_LAYER_III":
        return with_length(path) or path
    if form == "OGG" and is_chained(path.read_bytes()):
        raise ChainedError
    if form == "VOC" and _in_blocks(path):
        raise ChainedError
    if form == "WAV" and is_empty and _behind(path):
        return with_open_end(path.read_bytes())
    return path


def _in_blocks(path: Path) -> bool:
    with path.open("rb") as file:
        return is_in_blocks(file)


def _behind(path: Path) -> int:
    with path.open("rb") as file:
        promise = promise_of(file)
        return 0 if promise is None else bytes_behind(file, promise)
