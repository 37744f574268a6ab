"""Files that are either complete or absent."""

import contextlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from parp_espnet.errors import REFUSALS, UserError, cannot_write
from parp_espnet.places import kind_of, need_place, need_way

MOST_VALUES = 1_000_000
"""Values that a YAML may have, its aliases written out: a few lines can stand for more than memory
holds.
"""


def is_file(path: str | Path) -> bool:
    """Whether there is a file: false, too, for a name that none can have, such as one that is too
    long.

    `Path.is_file` raises `OSError` then. For names that come from the user's files.
    """
    return os.path.isfile(path)  # noqa: PTH113


def exists(path: str | Path) -> bool:
    """Whether there is anything of that name, which may be any name as for `is_file`."""
    return os.path.exists(path)  # noqa: PTH110


def need_file(path: Path, missing: str = "no such file") -> None:
    """Raise `UserError` unless `path` is a regular file: reading a FIFO or a device might never
    end.

    Args:
        missing: what to say where nothing is there.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: {missing}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: expected a file, found {kind_of(mode)}")


def regular(path: Path) -> Path:
    """Return a path that may be read: a regular file's, or that of nothing, of which the reader has
    its own words.

    Raises `UserError` as `need_file` where anything else is there.
    """
    if path.exists():
        need_file(path)
    return path


def bytes_of(path: Path, missing: str = "no such file") -> bytes:
    """Read a file that a user gives. Raises `UserError` where there is none that can be read, as
    `need_file`.
    """
    need_file(path, missing)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def text_of(path: Path, missing: str = "no such file") -> str:
    """Read a text that a user gives; every end of a line is a newline, and the byte order mark that
    editors of Windows put before it is none of it. Raises `UserError` as `bytes_of`, and where it
    is not UTF-8.
    """
    need_file(path, missing)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: expected UTF-8 ({error})") from None


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, which newlines alone end: `str.splitlines` also divides at what a
    file's name may hold, such as U+2028.
    """
    return text.removesuffix("\n").split("\n") if text else []


@contextlib.contextmanager
def atomic_write(path: Path, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced to disk and takes `path`'s
    place in one step.

    Without `sync` a loss of power may leave it empty.

    An exception or a kill leaves the previous `path` untouched. Raises `UserError` when the disk is
    full or may not be written, whatever error of its own the library has that writes, and where
    something else than a file is there.
    """
    try:
        need_place(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        raise UserError(cannot_write(path, error.errno)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if sync:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        # mkstemp makes private files; a shared experiment directory expects the user's usual
        # permissions.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except Exception as error:
        if (number := refusal(error, temporary)) is not None:
            raise UserError(cannot_write(path, number)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary directory beside `folder`; on success it takes `folder`'s place in one
    step, with the user's usual permissions on all that is in it.

    An exception or Ctrl-C leaves nothing. Raises `UserError` where `folder` is there and not empty,
    and when the disk is full or may not be written.
    """
    try:
        need_room(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp")
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        raise UserError(cannot_write(folder, error.errno)) from None
    temporary = Path(made)
    try:
        yield temporary
        _sync_all(temporary)
        temporary.replace(folder)
    except UserError:
        raise
    except Exception as error:
        if (number := refusal(error, temporary / ".room")) is not None:
            raise UserError(cannot_write(folder, number)) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def need_room(folder: Path) -> None:
    """Raise `UserError` unless a directory may be made there: nothing is, or an empty one."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"{folder}: expected a directory to be made, found something else there")
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(
            f"{folder}: expected a new or an empty directory, found other files in it; remove them "
            f"or choose another"
        )
    if folder.is_dir() and not folder.name:
        raise UserError(
            f"{folder}: expected the name of a directory to be made, found the one that you are "
            f"in; go out of it, or name one in it"
        )
    need_way(folder)


def _sync_all(folder: Path) -> None:
    """Give all in a folder usual permissions, and have it on the disk."""
    mask = _umask()
    folder.chmod(0o777 & ~mask)
    for path in sorted(folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
        if path.is_file():
            with path.open("rb") as written:
                os.fsync(written.fileno())


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as readable JSON, atomically. NaN and infinities are refused: they
    are not JSON.
    """
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises `UserError` when it is missing or damaged."""
    try:
        text = regular(path).read_text(encoding="utf-8")
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(
                value, ensure_ascii=False
            ).encode()  # half of a pair of \u escapes is no character
        return value
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}: expected JSON, found something else ({error}); delete it to make it again"
        ) from None


def parse_yaml(text: str) -> Any:
    """Return what plain YAML holds: as `yaml.safe_load`, but of one kind of error, and never much
    more than the text.

    Raises `ValueError` that says in one line why it is no YAML, is nested too deeply, or has
    aliases that grow.
    """
    try:
        # Characters that no YAML may have are refused here.
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _size(node, {})
        return loader.construct_document(node)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (
        Exception
    ) as error:  # PyYAML raises KeyError, IndexError and others for odd scalars such as `!!bool x`
        raise ValueError(" ".join(f"{type(error).__name__}: {error}".split())) from None
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, every alias written out; 0 is one that is
    being counted.
    """
    if known.setdefault(id(node), 0):
        return known[id(node)]
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        inner = [one for pair in node.value for one in pair]
    elif isinstance(node, yaml.SequenceNode):
        inner = node.value
    total = 1
    for one in inner:
        if known.get(id(one)) == 0:
            raise ValueError("an alias leads to what it is in")
        total += _size(one, known)
    if total > MOST_VALUES:
        raise ValueError(f"its aliases stand for more than {MOST_VALUES} values")
    known[id(node)] = total
    return total


def refusal(error: Exception, temporary: Path) -> int | None:
    """Return the number of the error by which a disk takes no more, where that is why a file could
    not be written.
    """
    if isinstance(error, OSError):
        return error.errno if error.errno in REFUSALS else None
    # torch, safetensors and libsndfile only say that they could not.
    with contextlib.suppress(FileNotFoundError), temporary.open("a+b") as file:
        try:
            os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, 1 << 20)
        except OSError as full:
            return full.errno if full.errno in REFUSALS else None
    return None


def _umask() -> int:
    # The umask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def looks_of(path: Path) -> tuple[int, int] | None:
    """What tells one file from the next at the same place; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns
