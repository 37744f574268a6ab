import multiprocessing
import time
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.locks import locked


def hold(path: Path, seconds: float) -> None:
    with locked(path, wait=True):
        (path.parent / "held").touch()
        time.sleep(seconds)


def test_a_lock_names_its_holder_and_falls_with_it(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    other = multiprocessing.get_context("spawn").Process(target=hold, args=(path, 60))
    other.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.02)
    with pytest.raises(UserError, match=f"in use by process {other.pid} on "), locked(path, wait=False):
        pass
    other.kill()
    with locked(path, wait=True):
        pass


def wait(ready: "multiprocessing.synchronize.Event") -> None:
    ready.set()
    time.sleep(60)


def test_a_fork_does_not_hold_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    with locked(tmp_path / "x.lock", wait=False):
        child = context.Process(target=wait, args=(ready,))
        child.start()
        assert ready.wait(60)
    with locked(tmp_path / "x.lock", wait=False):
        child.kill()
