"""Locks on directories and steps, and on what several runs read."""

import fcntl
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self
from weakref import WeakSet

from parp_espnet.errors import UserError


@contextmanager
def locked(path: Path, wait: bool) -> Iterator[None]:
    """Hold the lock `path`; when another process has it, wait, or raise `UserError` naming its host
    and process.

    The lock is the kernel's and falls with its holder, so none is ever stale.
    """

    def waiting(holder: str) -> str:
        return f"waiting for {holder or 'another process'}, which is at this very step"

    def refusal(holder: str) -> str:
        return f"{path.parent} is in use by {holder or 'another process'}; wait for it or end it"

    path.parent.mkdir(parents=True, exist_ok=True)
    with _taken(path, waiting if wait else None, refusal):
        yield


@contextmanager
def held(path: Path, what: str, wait: bool) -> Iterator[None]:
    """Hold a folder's lock at `path` for as long as a run of many commands lasts.

    When another run has it, wait, or raise `UserError`, which says who holds `what`.
    """

    def in_use(holder: str) -> str:
        return f"{what} is in use by {holder} or a command that it started"

    def waiting(holder: str) -> str:
        return f"{in_use(holder)}; waiting for it"

    def refusal(holder: str) -> str:
        return f"{in_use(holder)}; wait for it or end it"

    with _taken(path, waiting if wait else None, refusal):
        yield


@contextmanager
def _taken(
    path: Path, waiting: Callable[[str], str] | None, refusal: Callable[[str], str]
) -> Iterator[None]:
    """Hold a lock, with the words about its holder that are said while it is waited for, or not
    had.
    """
    with _opened(path) as file:
        if not _is_had(file):
            file.seek(0)
            holder = file.read().strip()
            if waiting is None:
                raise UserError(refusal(holder)) from None
            print(waiting(holder), file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"{_ourselves()}\n")
        file.flush()
        yield


class Uses:
    """What a run goes on to read of what it shares with others: nobody makes it anew before the run
    has ended.

    Each is a lock that many may share. Whoever asks for one holds the lock of what makes it, so
    that none is lost while it passes from one kind to the other.

    Args:
        what: what the run makes, for those who have to wait for it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._files: dict[str, IO[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def alone(self, path: Path) -> str:
        """Have the lock `path` alone, as long as it is not kept; return in words who else has it,
        if anybody does.
        """
        file = self._file(path)
        if _is_had(file):
            return ""
        # One that cannot be had is lost as well.
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        holders = _living(file.read().splitlines())
        self.give_back(path)
        return holders

    def keep(self, path: Path) -> None:
        """Share the lock `path` until all are given back."""
        known = self._files.get(os.path.abspath(path))  # noqa: PTH100
        file = self._file(path)
        if _is_had(file):
            file.truncate(0)
        elif file is known:
            fcntl.flock(file, fcntl.LOCK_SH)
            return
        file.write(f"{_ourselves()} ({self._what})\n")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_SH)

    def give_back(self, path: Path) -> None:
        """Give back the lock `path`, if we have it."""
        file = self._files.pop(os.path.abspath(path), None)  # noqa: PTH100
        if file is not None:
            file.close()

    def _file(self, path: Path) -> IO[str]:
        name = os.path.abspath(path)  # noqa: PTH100
        file = self._files.get(name)
        if file is not None and not _is_at(file, path):
            # Somebody has removed the folder that it was in.
            self._files.pop(name).close()
            file = None
        if file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._files[name] = _opened(path)
        return file


def is_free(making: Path, used: Path) -> bool:
    """Whether nobody makes something, whose lock is `making`, and nobody has a lock on its use.

    Where their folder is gone, so is what was made.
    """
    try:
        with _opened(making) as making_file, _opened(used) as used_file:
            return _is_had(making_file) and _is_had(used_file)
    except FileNotFoundError:
        return True


_open: WeakSet[IO[str]] = WeakSet()
"""The files of locks. One function closes them all after a fork: what is registered stays for ever,
and whoever waits opens them every second.
"""


def _close_all() -> None:
    for file in list(_open):
        file.close()


# Else a reader of batches, forked off, would hold them for seconds after its parent was killed.
os.register_at_fork(after_in_child=_close_all)


def _opened(path: Path) -> IO[str]:
    file = path.open("a+", encoding="utf-8")
    _open.add(file)
    return file


def _is_had(file: IO[str]) -> bool:
    """Have a lock alone, unless another process has it; return whether it is had."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _ourselves() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _living(holders: list[str]) -> str:
    """Which others have a lock, of those who have noted that they had it: of this machine's,
    whoever is still there.
    """
    living: list[str] = []
    for holder in dict.fromkeys(holders):
        if holder.startswith(f"{_ourselves()} "):
            continue
        process = re.match(r"process (\d+) on (\S+)", holder)
        is_elsewhere = process is None or process[2] != socket.gethostname()
        if process is None or is_elsewhere or _lives(int(process[1])):
            living.append(holder)
    more = f" and {len(living) - 1} more" if len(living) > 1 else ""
    return f"{living[0]}{more}" if living else "another run"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
