"""What files, lists of recordings and folders hold: a word, another one when it has changed.

A file is read once: as long as its size and times stay what they were, it is known from before.
"""

import contextlib
import hashlib
import json
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from parp_espnet.data.lines import pairs_of
from parp_espnet.files import write_text
from parp_espnet.pruning.bits import mask_identity, split
from parp_espnet.pruning.origin import EXPERIMENT, TRAINED
from parp_espnet.sound.ark import place_of

ABSENT = "absent"
"""Stands for what is not there."""
WHOLE = "contents "
"""Begins a word for the contents of several files, where records of before had sizes and times."""
FRESH_NANOSECONDS = 2_000_000_000
"""A file that was written so shortly before may be written once more without another time."""
UNSURE = (-1, -1, -1)
"""Size and times of no file: it is read again."""
READ = frozenset(
    {
        "",
        ".txt",
        ".lab",
        ".tsv",
        ".csv",
        ".json",
        ".jsonl",
        ".scp",
        ".trn",
        ".eaf",
        ".cha",
        ".textgrid",
        ".xml",
    }
)
"""Endings of tables and transcripts; of a folder's other files, size and time are looked at."""
LARGEST_READ = 64 << 20
OWN = ".steps"
"""What the project writes has such a folder of records in it."""


class Contents:
    """The contents of files, each in a word: SHA-256, or of a mask that of its bits.

    Args:
        cache: JSON file that remembers size, times and word of every file; a damaged one is none.
        base: folder from which relative paths are.
    """

    def __init__(self, cache: Path | None = None, base: Path = Path()) -> None:
        self.changed: set[str] = set()
        """Files that are there, and hold something else than what was remembered."""
        self._base = base
        self._cache = cache
        self._before = _read(cache)
        self._seen = dict(self._before)

    def of(self, path: str | Path) -> str:
        """The word for one file. Raises `OSError` where it cannot be read, or is none."""
        name = os.fspath(path)
        file = self._base / path
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is no file")
        looks = [about.st_size, about.st_mtime_ns, about.st_ctime_ns]
        known = self._seen.get(name)
        if known is not None and known[:3] == looks:
            return str(known[3])
        begun = time.time_ns()
        word = word_of(file)
        if known is not None and known[3] != word:
            self.changed.add(name)
        sure = begun - max(looks[1:]) > FRESH_NANOSECONDS
        self._seen[name] = [*(looks if sure else UNSURE), word]
        return word

    def of_any(self, path: str | Path) -> str:
        """The word for a file that may be absent."""
        try:
            return self.of(path)
        except (OSError, ValueError):
            return ABSENT

    def of_recordings(self, scp: Path, inside: Path | None = None) -> str:
        """A word for all recordings of a `wav.scp`, whatever they are called.

        Who replaces one changes it. Of a command it is the command that counts. Raises `OSError`
        where the list cannot be read.

        Args:
            inside: only those below this folder.
        """
        digest = hashlib.sha256()
        for utterance, name in sorted(self._named(scp)):
            if inside is not None and not Path(name).is_relative_to(inside):
                continue
            word = name if name.endswith("|") else self._of_recording(name)
            digest.update(f"{utterance}\0{word}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def gone_recording(self, scp: Path) -> str | None:
        """A recording that is not where a `wav.scp` has it. Raises `OSError`."""
        for _, name in self._named(scp):
            if name.endswith("|"):
                continue
            file = self._place(name)[0]
            if not os.path.exists(self._base / file):  # noqa: PTH110
                return file
        return None

    def of_listed(self, listing: Path) -> str:
        """A word for the contents of the files that a list names. Raises `OSError`."""
        return f"{WHOLE}{self.of_recordings(listing)}"

    def looks_of_listed(self, listing: Path) -> str:
        """What records said of them before: sizes and times. Raises `OSError`."""
        digest = hashlib.sha256()
        for key, name in sorted(self._named(listing)):
            looks = _looks(self._base / self._place(name)[0])
            digest.update(f"{key}\0{looks}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def of_tree(self, root: Path) -> str:
        """A word for all that is in a folder: names, contents of tables and transcripts, sizes and
        times of the rest, which may be hundreds of hours.

        Hidden files are left out, and folders that the project has written. A file is a folder of
        one. `ABSENT` where there is none.
        """
        return self._of_files(root, self._word_or_looks)

    def of_whole(self, root: Path) -> str:
        """The same by the contents of all files: a folder that was copied anew is what it was."""
        word = self._of_files(root, self.of_any)
        return word if word == ABSENT else f"{WHOLE}{word}"

    def _of_files(self, root: Path, word_of_file: Callable[[Path], str]) -> str:
        if not (self._base / root).exists():
            return ABSENT
        digest = hashlib.sha256()
        for name in sorted(_below(self._base / root)):
            word = word_of_file(root / name if name else root)
            digest.update(f"{name}\0{word}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def _word_or_looks(self, path: Path) -> str:
        small = path.suffix.lower() in READ and _size(self._base / path) <= LARGEST_READ
        return self.of_any(path) if small else _looks(self._base / path)

    def save(self) -> None:
        """Remember what was read."""
        if self._cache is not None and self._seen != self._before:
            write_text(self._cache, json.dumps(self._seen))
            self._before = dict(self._seen)

    def _of_recording(self, name: str) -> str:
        file, place = self._place(name)
        return self.of_any(file) + place

    def _place(self, name: str) -> tuple[str, str]:
        """The file of a recording, and where in it the recording is if it is an archive."""
        place = place_of(name, self._base)
        return (name, "") if place is None else (place.file, name.removeprefix(place.file))

    def _named(self, scp: Path) -> Iterator[tuple[str, str]]:
        # A path is bytes, which need not be UTF-8.
        lines = (self._base / scp).read_bytes().splitlines()
        for name, value in pairs_of(map(os.fsdecode, lines)):
            if value:
                yield name, value


def word_of(path: Path) -> str:
    """The word for what counts of a file's content, read anew. Raises `OSError`."""
    if path.suffix == ".safetensors":
        identity = mask_identity(path)
        return plain_word_of(path) if identity is None else f"mask {identity}"
    return _word_of_experiment(path) if path.name == EXPERIMENT else plain_word_of(path)


def _word_of_experiment(path: Path) -> str:
    """Of an experiment, what it says of its training: other options are those of a call."""
    content = path.read_bytes()
    try:
        content = json.dumps(json.loads(content)[TRAINED], sort_keys=True).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        return hashlib.sha256(content).hexdigest()
    return f"training {hashlib.sha256(content).hexdigest()}"


def plain_word_of(path: Path) -> str:
    """SHA-256 of a file, whatever it is. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a file of a kind that knows where it ends (a model, a mask, JSON) is not cut off."""
    try:
        if path.suffix == ".safetensors":
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                header, _ = split(length.to_bytes(8, "little") + file.read(length))
            end = 0
            for name, tensor in header.items():
                if name != "__metadata__":
                    end = max(end, tensor["data_offsets"][1])
            return path.stat().st_size == 8 + length + end
        if path.suffix == ".pth":
            return zipfile.is_zipfile(path)
        if path.suffix == ".json":
            json.loads(path.read_bytes())
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        OverflowError,
        MemoryError,
    ):
        return False
    return True


def old_recordings(scp: Path, base: Path = Path()) -> str:
    """What the first records say of recordings: names, sizes and times. Raises `OSError`."""
    lines = (base / scp).read_bytes().splitlines()
    named: set[bytes] = set()
    for _, value in pairs_of(map(os.fsdecode, lines)):
        if value:
            named.add(os.fsencode(value))
    digest = hashlib.sha256()
    for name in sorted(named):
        with contextlib.suppress(OSError, ValueError):
            status = (base / os.fsdecode(name)).stat()
            digest.update(b"%s %d %d\n" % (name, status.st_size, status.st_mtime_ns))
    return digest.hexdigest()


def _looks(path: Path) -> str:
    try:
        about = path.stat()
    except (OSError, ValueError):
        return ABSENT
    return f"{about.st_size} {about.st_mtime_ns}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _below(root: Path) -> Iterator[str]:
    """Paths, from `root`, of the files in it; nothing but an empty one where it is a file.

    Links to folders are followed, since recordings behind them are used.
    """
    if not root.is_dir():
        yield ""
        return
    seen: set[str] = set()
    for folder, inside, files in os.walk(root, followlinks=True):
        where = Path(folder).relative_to(root)
        place = os.path.realpath(folder)
        if OWN in inside or place in seen:
            inside.clear()
            continue
        seen.add(place)
        inside[:] = sorted(
            name for name in inside if not name.startswith(".") and name != "__MACOSX"
        )
        for name in files:
            if not name.startswith("."):
                yield str(where / name)


def _read(cache: Path | None) -> dict[str, list[int | str]]:
    if cache is None:
        return {}
    try:
        loaded = json.loads(cache.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(loaded, dict):
        return {}
    entries: dict[str, list[int | str]] = {}
    for name, seen in loaded.items():
        if isinstance(seen, list) and len(seen) == 4:
            entries[name] = seen
    return entries
