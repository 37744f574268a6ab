import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.locks import locked

FOR_EVER = 1200
"""Seconds that no machine, however busy, needs here."""


def hold(path: Path) -> None:
    with locked(path, wait=True):
        (path.parent / "held").touch()
        time.sleep(FOR_EVER)


def test_a_lock_names_its_holder_and_falls_with_it(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    path = tmp_path / "x.lock"
    other = multiprocessing.get_context("spawn").Process(target=hold, args=(path,))
    other.start()
    wait_until((tmp_path / "held").exists, "the other process to have it")
    with (
        pytest.raises(UserError, match=f"in use by process {other.pid} on "),
        locked(path, wait=False),
    ):
        pass
    other.kill()
    with locked(path, wait=True):
        pass


def wait(ready: "multiprocessing.synchronize.Event") -> None:
    ready.set()
    time.sleep(FOR_EVER)


def test_a_fork_does_not_hold_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    with locked(tmp_path / "x.lock", wait=False):
        child = context.Process(target=wait, args=(ready,))
        child.start()
        assert ready.wait(FOR_EVER)
    with locked(tmp_path / "x.lock", wait=False):
        child.kill()
