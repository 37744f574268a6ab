"""Locks on directories and steps."""

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from parp_espnet.errors import UserError


@contextmanager
def locked(path: Path, wait: bool) -> Iterator[None]:
    """Hold the lock `path`; when another process has it, wait, or raise `UserError` naming its host and process.

    The lock is the kernel's and falls with its holder, so none is ever stale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        # Else a reader of batches, forked off, would hold it for seconds after its parent was killed.
        os.register_at_fork(after_in_child=file.close)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            if not wait:
                raise UserError(f"{path.parent} is in use by {holder}; wait for it or end it") from None
            print(f"waiting for {holder}, which is at this very step", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        _sign(file)
        yield


def _sign(file: TextIO) -> None:
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()


@contextmanager
def held(path: Path, what: str, wait: bool) -> Iterator[None]:
    """Hold a folder's lock at `path` for as long as a run of many commands lasts.

    When another run has it, wait, or raise `UserError`, which says who holds `what`.
    """
    with path.open("a+", encoding="utf-8") as file:
        os.register_at_fork(after_in_child=file.close)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = f"{what} is in use by {file.read().strip()} or a command that it started"
            if not wait:
                raise UserError(f"{holder}; wait for it or end it") from None
            print(f"{holder}; waiting for it", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        _sign(file)
        yield
