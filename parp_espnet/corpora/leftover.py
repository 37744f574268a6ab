"""Files of a folder that are not used: they are listed, not lost."""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from parp_espnet.corpora.column_names import SOUNDS
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.names import form_of_file, is_system


@dataclass(frozen=True)
class Tree:
    """The files of people below a folder, and what systems have left there."""

    files: Sequence[Path]
    rejected: Sequence[Reject]

    @cached_property
    def by_name(self) -> dict[Path, Path]:
        """Files by their paths with names as `alike` has them."""
        return {alike(file): file for file in self.files}

    @cached_property
    def _exact(self) -> frozenset[Path]:
        return frozenset(self.files)

    @cached_property
    def _spelled(self) -> dict[Path, Path]:
        return {_spelling(file): file for file in self.files}

    def find(self, *paths: Path) -> Path | None:
        """The first file of some paths that is spelled as its path is; where there is none, the
        first whose name is alike.
        """
        for path in paths:
            file = path if path in self._exact else self._spelled.get(_spelling(path))
            if file is not None:
                return file
        for path in paths:
            file = self.by_name.get(alike(path))
            if file is not None:
                return file
        return None


def alike(path: Path) -> Path:
    """Return a path with its name as names of files are compared."""
    return path.with_name(form_of_file(path.name))


def is_spelled_as(name: str, recording: Path) -> bool:
    """Whether a name, its ending aside, has its recording's letters, large and small as they are;
    it may have the recording's ending too.
    """
    return _nfc(name) in (_nfc(recording.stem), _nfc(recording.name))


def _spelling(path: Path) -> Path:
    """A path with its name's own letters, whatever those of its ending."""
    return path.with_name(_nfc(path.stem) + path.suffix.lower())


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def walk(root: Path) -> Tree:
    """Return the files below a folder, sorted; what systems leave, such as `._1.wav` and
    `__MACOSX`, is rejected.
    """
    files: list[Path] = []
    rejected: list[Reject] = []
    folders = [root]
    seen = {root.resolve()}
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if is_system(path):
                rejected.append(_of_system(path, root))
            elif path.is_dir():
                # A link may lead to a folder that is read anyway, or above itself, for ever.
                place = path.resolve()
                if place in seen or place in root.resolve().parents:
                    reason = "expected each folder once, found a link to one that is read"
                    rejected.append(_reject(path, root, Why.KIND, reason))
                    continue
                seen.add(place)
                folders.append(path)
            elif path.is_file():
                files.append(path)
            else:
                rejected.append(
                    _reject(
                        path, root, Why.KIND, "expected a file, found a link to none, or a device"
                    )
                )
    return Tree(sorted(files), rejected)


def left_over(
    files: Iterable[Path], root: Path, used: Collection[Path], what: str, by: str
) -> Iterator[Reject]:
    """Yield the files that are not used, each with why: `what` is what a recording lacks, `by` what
    would use it.
    """
    for path in files:
        if path in used:
            continue
        if path.suffix.lower() in SOUNDS:
            yield _reject(path, root, Why.ALONE, f"expected {what}, found {path.name} alone")
        else:
            kind = path.suffix or "a name without an ending"
            yield _reject(
                path,
                root,
                Why.KIND,
                f"expected {by}, found {kind}, of a kind that is not read here",
            )


def alone(path: Path, root: Path, reason: str) -> Reject:
    """Return a file that lacks what belongs to it."""
    return _reject(path, root, Why.ALONE, reason)


def _of_system(path: Path, root: Path) -> Reject:
    what = "a folder" if path.is_dir() else "a file"
    return _reject(
        path,
        root,
        Why.KIND,
        f"expected recordings and transcripts, found {what} that a system left there",
    )


def _reject(path: Path, root: Path, why: Why, reason: str) -> Reject:
    return Reject(str(path), str(path.relative_to(root)), why, reason)
