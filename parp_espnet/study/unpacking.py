"""The records of an archive, put back where experiments left them: `parp-study unpack`."""

import json
import lzma
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from parp_espnet.errors import UserError, describe
from parp_espnet.files import atomic_write, regular, write_json
from parp_espnet.locks import locked
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import RESULT, UNPACKED, Result
from parp_espnet.study.archive import CONTENTS, FORMAT, MASKS, RECIPES, RECORDS, difference
from parp_espnet.study.complete import is_result

LARGEST = 2 << 30
"""Bytes that an archive's members may have together; what is larger is none of ours, and would fill
the memory.
"""


@dataclass(frozen=True)
class Unpacked:
    """What `unpack` did: directories, from the project's."""

    restored: tuple[Path, ...]
    present: tuple[Path, ...]
    """A result was there already; nothing of it was touched."""


def unpack(archive: Path, root: Path) -> Unpacked:
    """Put the records of an archive where its experiments would have left them.

    An experiment that has a result already is left as it is. A `result.json` comes last, so that
    what was interrupted is not taken for complete.

    Raises:
        UserError: the file is missing, damaged, or no such archive; it names a place outside of the
            project; an experiment is running.
    """
    members = _read(archive)
    contents = _contents(archive, members)
    present: list[Path] = []
    restored: list[Path] = []
    for directory in map(Path, contents["experiments"]):
        if is_result(root / directory / RESULT):
            present.append(directory)
        else:
            restored.append(directory)
    _check_results(archive, members)
    masks = _restored_masks(archive, members, contents["differences"])
    for directory in restored:
        try:
            with locked(root / directory / LOCK, wait=False):
                _restore(root, directory, members, masks, archive.name)
        except OSError as error:
            raise UserError(f"{archive}: cannot be unpacked into {directory} ({error})") from None
    return Unpacked(tuple(restored), tuple(present))


def _read(archive: Path) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    size = 0
    try:
        with tarfile.open(regular(archive), "r:xz") as tar:
            for member in tar:
                place = PurePosixPath(member.name)
                size += member.size
                plain = str(place) == member.name and member.name.isprintable()
                outside = not plain or place.is_absolute() or ".." in place.parts
                if not member.isfile() or not 0 <= size <= LARGEST or outside:
                    name = member.name if member.name.isprintable() else ascii(member.name)
                    raise UserError(
                        f"{archive}: {name} is nothing that an archive of records holds; nothing "
                        f"is unpacked"
                    )
                stream = tar.extractfile(member)
                members[member.name] = stream.read() if stream else b""
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{archive}: no such file") from None
    except (
        tarfile.TarError,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        OverflowError,
    ) as error:
        raise UserError(
            f"{archive}: expected an archive of records (tar.xz), found a damaged or other file "
            f"({describe(error)})"
        ) from None
    return members


def _contents(archive: Path, members: Mapping[str, bytes]) -> dict[str, Any]:
    """The table of contents, of which every experiment has a result in the archive and a place in a
    recipe.
    """
    try:
        contents = json.loads(members[CONTENTS])
        if contents["format"] != FORMAT:
            raise ValueError(f"its format is {contents['format']}")
        homes = [PurePosixPath(name) for name in contents["experiments"]]
        if not isinstance(contents["experiments"], list) or not isinstance(
            contents["differences"], dict
        ):
            raise TypeError("its table of contents is another")
        for pair in contents["differences"].items():
            for name in pair:
                if not isinstance(name, str):
                    raise TypeError(f"{name} names no mask")
        lost = []
        for name, home in zip(contents["experiments"], homes, strict=True):
            result = f"{home}/{RESULT}"
            if result not in members or home.parts[0] != RECIPES or str(home) != name:
                lost.append(name)
        for name in sorted(members.keys() - {CONTENTS}):
            if not _is_record_of_any(PurePosixPath(name), homes):
                lost.append(name)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UserError(
            f"{archive}: expected an archive of records ({FORMAT!r}), found another ({error})"
        ) from None
    if lost:
        raise UserError(
            f"{archive}: damaged: {lost[0]} belongs to no complete experiment; nothing is unpacked"
        )
    return dict(contents)


def _check_results(archive: Path, members: Mapping[str, bytes]) -> None:
    """Raise `UserError` unless every `result.json` of an archive is one: what is unpacked counts as
    done.
    """
    for name, content in members.items():
        if PurePosixPath(name).name != RESULT:
            continue
        try:
            loaded = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{archive}: damaged: {name}: expected JSON ({describe(error)}); nothing is "
                f"unpacked"
            ) from None
        try:
            Result.of(loaded, where=name)
        except UserError as error:
            raise UserError(f"{archive}: damaged: {error}; nothing is unpacked") from None


def _is_record_of_any(name: PurePosixPath, homes: Sequence[PurePosixPath]) -> bool:
    return any(_is_record(name, home) for home in homes)


def _is_record(name: PurePosixPath, home: PurePosixPath) -> bool:
    """Whether a member is a record of an experiment: a script of its recipe, say, is never
    replaced.
    """
    if not name.is_relative_to(home):
        return False
    inside = name.relative_to(home)
    for pattern in (*RECORDS, *MASKS):
        depth = len(PurePosixPath(pattern).parts)
        if len(inside.parts) == depth and inside.match(pattern):
            return True
    return False


def _restored_masks(
    archive: Path, members: Mapping[str, bytes], differences: Mapping[str, str]
) -> dict[str, Mask]:
    """The masks as they were, by member."""
    masks: dict[str, Mask] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in members.items():
            if PurePosixPath(name).name not in MASKS:
                continue
            file = Path(folder, "mask.safetensors")
            file.write_bytes(content)
            mask = Mask.load(file, called=f"{archive}: {name}")
            reference = masks.get(differences.get(name, ""))
            if name in differences and (
                reference is None or reference.fingerprint != mask.fingerprint
            ):
                raise UserError(
                    f"{archive}: damaged: it lacks the mask from which {name} differs; nothing is "
                    f"unpacked"
                )
            if reference is not None:
                mask = difference(mask, reference)
            masks[name] = mask
    return masks


def _restore(
    root: Path,
    directory: Path,
    members: Mapping[str, bytes],
    masks: Mapping[str, Mask],
    archive: str,
) -> None:
    result = (directory / RESULT).as_posix()
    for name, content in members.items():
        if name in masks and PurePosixPath(name).is_relative_to(directory):
            masks[name].save(root / name)
        elif name != result and PurePosixPath(name).is_relative_to(directory):
            _write_bytes(root / name, content)
    write_json(root / directory / UNPACKED, {"archive": archive})
    _write_bytes(root / result, members[result])


def _write_bytes(path: Path, content: bytes) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
