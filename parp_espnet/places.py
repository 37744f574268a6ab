"""Where a file, or a directory, may be made."""

import errno
import stat
from pathlib import Path

from parp_espnet.errors import UserError

_DEVICES, _PROCESSES = Path("/dev"), Path("/proc")
"""What stands there is the machine's: who may replace it, as root may, would do that for all."""
_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
}
_NO_WAY = (errno.ENOTDIR, errno.ELOOP)
"""Numbers of an `OSError` where a name leads through what is no directory."""


def kind_of(mode: int) -> str:
    """Return what there is, in words, by its mode as `os.stat` has it."""
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def need_place(path: Path) -> None:
    """Raise `UserError` unless a file may be put there, in the place of an earlier one or of
    nothing: anything else would be replaced, or no directory can be made to hold it.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno in _NO_WAY and not path.is_symlink():
            raise UserError(_says_way(path)) from None
        mode = stat.S_IFREG
    if not stat.S_ISREG(mode):
        raise UserError(
            f"{path}: expected a name for a file, found {kind_of(mode)} there; give another"
        )
    need_way(path)


def need_way(path: Path) -> None:
    """Raise `UserError` unless something may be made there, in directories that are there or can be
    made.
    """
    folder = path.parent
    while not folder.is_symlink() and not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise UserError(_says_way(path))
    there = folder.resolve()
    if there == _DEVICES or there.is_relative_to(_PROCESSES):
        raise UserError(f"{path}: nothing is made in {there}; give another name")


def _says_way(path: Path) -> str:
    """The message of a name that leads through what is no directory."""
    for folder in reversed(path.parents):
        if folder.is_symlink() and not folder.exists():
            return f"{path}: expected directories, found a link to nothing, {folder}; give another"
        if folder.exists() and not folder.is_dir():
            found = kind_of(folder.stat().st_mode)
            return f"{path}: expected directories, found {found}, {folder}; give another name"
    return f"{path}: cannot be made; give another name"
