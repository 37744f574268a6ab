"""Locks on directories and steps."""

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
    with path.open("a+", encoding="utf-8") as file:
        # Else a reader of batches, forked off, would hold it for seconds after its parent was
        # killed.
        os.register_at_fork(after_in_child=file.close)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            if waiting is None:
                raise UserError(refusal(holder)) from None
            print(waiting(holder), file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield
