"""Where a recording is that a list names: people write its name as their system showed it."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote

from parp_espnet.files import exists, is_file
from parp_espnet.sound.ark import place_of

FOLDERS = ("", "wavs", "wav", "clips", "audios", "audio", "data")
"""Where recordings of a list are, below it: beside it, and where LJSpeech and Common Voice have
them.
"""

_ENDINGS = ("", ".wav", ".flac", ".mp3", ".ogg", ".opus")
_LOCAL = "file://"


def names_in(folder: Path) -> str:
    """Return what is in a folder, as a message shows it: the first names; "" where it is none."""
    if not folder.is_dir():
        return ""
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:6])


def found_below(base: Path, value: str) -> str:
    """Return the path of a relative one: from a folder, or one of the two above it, where Kaldi's
    recipes are run.
    """
    place = place_of(value)
    file = place.file if place else value
    for start in (base, base.parent, base.parent.parent):
        if exists(start / file):
            return f"{(start / file).resolve()}{value[len(file) :]}"
    return str(base / value)


def listed(base: Path, value: str) -> str:
    """Return the recording that a list in the folder `base` names, in one of `FOLDERS`.

    It may lack its ending, have backslashes between folders, or be spelled in capitals or another
    normal form than the one file that is meant.
    """
    if value.startswith(_LOCAL):
        value = unquote(value.removeprefix(_LOCAL))
    for path in _places(base, value):
        if is_file(path):
            return str(path.resolve())
    for path in _places(base, value):
        alike = _alike(path.parent).get(_key(path.name), [])
        if len(alike) == 1 and is_file(alike[0]):
            return str(alike[0].resolve())
    return found_below(base, value)


def _places(base: Path, value: str) -> Iterator[Path]:
    for name in dict.fromkeys((value, value.replace("\\", "/"))):
        for folder in FOLDERS:
            for ending in _ENDINGS:
                yield base / folder / f"{name}{ending}"


@lru_cache(maxsize=64)
def _alike(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder, by what their names have in common with others of other capitals."""
    files: dict[str, list[Path]] = {}
    try:
        for path in folder.iterdir():
            files.setdefault(_key(path.name), []).append(path)
    except (OSError, ValueError):
        return {}
    return files


def _key(name: str) -> str:
    return normalize("NFC", name).casefold()
