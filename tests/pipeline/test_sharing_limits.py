"""Locks on what several runs read: what they cost, and where there is none."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from parp_espnet.errors import UserError
from parp_espnet.locks import Uses, is_free, locked
from parp_espnet.pipeline.running import InUseError, keep_left, run
from parp_espnet.pipeline.step import Step

MAKING, USED = Path(".steps/copy.lock"), Path(".steps/copy.used")


FORKS = """
import os, sys
from pathlib import Path
registered = []
real, os.register_at_fork = os.register_at_fork, lambda **how: (registered.append(how), real(**how))
from parp_espnet.locks import Uses, is_free, locked
making, used = Path("making"), Path("used")

def once():
    with locked(making, wait=True), Uses("exp") as uses:
        uses.keep(used)
    is_free(making, used)

once()
known, files = len(registered), len(os.listdir("/proc/self/fd"))
for _ in range(20):
    once()
print(len(registered) - known, len(os.listdir("/proc/self/fd")) - files)
"""


def test_what_was_held_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whoever waits asks every second, for days: with each time, every fork took longer."""
    words = [sys.executable, "-c", FORKS]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n"


def test_a_fork_has_no_lock(step: Step) -> None:
    with locked(MAKING, wait=True), Uses("exp/mine") as uses:
        uses.keep(USED)
        child = os.fork()
        if not child:
            files = [os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()]
            os._exit(sum(file.endswith((".lock", ".used")) for file in files))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def failing(step: Step) -> Step:
    return replace(step, command=("false",))


def leaving_nothing(step: Step) -> Step:
    return replace(step, command=("true",))


def complete(step: Step) -> Step:
    return step


@pytest.mark.parametrize("ends", [failing, leaving_nothing, complete])
def test_the_next_at_a_step_finds_it_free(
    ends: Callable[[Step], Step], step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for a step goes on as soon as it has ended: a run that has failed uses nothing by
    then, and neither does a step that was run alone.
    """
    free: list[bool] = []

    @contextmanager
    def looked_at(path: Path, wait: bool) -> Iterator[None]:
        with locked(path, wait):
            try:
                yield
            finally:
                with USED.open("a+") as used:
                    free.append(has_lock(used))

    monkeypatch.setattr("parp_espnet.pipeline.running.locked", looked_at)
    with suppress(UserError):
        run(ends(step))
    with Uses("exp/mine") as mine, suppress(UserError):
        run(failing(ends(step)), mine)
    assert free == [True, True]


def has_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_nobody_is_at_what_is_gone(step: Step) -> None:
    run(step)
    with Uses("exp/other") as other:
        other.keep(USED)
        Path("in").write_text("two")
        with pytest.raises(InUseError) as refused:
            run(step)
        for file in USED.parent.iterdir():
            file.unlink()
        USED.parent.rmdir()
        refused.value.wait()
    assert is_free(MAKING, USED)
    assert not USED.parent.exists()


@pytest.fixture
def read_only(step: Step, tmp_path: Path) -> Iterator[Step]:
    """The step, complete, in a folder where nothing may be written."""
    run(step)
    for name in ("lock", "used"):
        step.record.with_suffix(f".{name}").unlink()
    place = tmp_path / "read-only"
    place.mkdir()
    bound = subprocess.run(["mount", "--bind", ".steps", str(place)], check=False)
    if bound.returncode:
        pytest.skip("a directory cannot be mounted again here: that takes root")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield replace(step, record=place / step.record.name)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_what_may_only_be_read_is_left_out(read_only: Step) -> None:
    with Uses("exp/mine") as mine:
        keep_left(read_only, mine)


def test_what_the_user_alone_reads_is_not_waited_for_where_it_is_left_out(step: Step) -> None:
    look = replace(step, of_user_alone=True)
    run(look)
    MAKING.unlink()
    with Uses("exp/mine") as mine:
        keep_left(look, mine)
    assert not MAKING.exists()
