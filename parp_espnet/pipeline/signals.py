"""Ending commands that run for us.

A command gets SIGTERM and not SIGINT: a Python that is still importing answers SIGINT with a traceback.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any, NoReturn


class TerminatedError(Exception):
    """SIGTERM, as an exception, so that it ends what runs for us as Ctrl-C does."""


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Within, the first SIGTERM raises `TerminatedError`, and later ones do nothing."""

    def terminate(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise TerminatedError

    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM wait until the end: a process that is being started is not yet known to us."""
    received: list[int] = []
    previous = {
        number: signal.signal(number, lambda number, _: received.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for late in received[:1]:
            os.kill(os.getpid(), late)


def unless_terminated(run: Callable[[], int]) -> int:
    """Return what `run` returns, or the code of a process that SIGTERM ended, silently."""
    try:
        with sigterm_raises():
            return run()
    except TerminatedError:
        return 128 + signal.SIGTERM


def end(processes: "Sequence[subprocess.Popen[bytes]]", grace: float) -> None:
    """End processes that lead groups of their own, and all that they started; kill after `grace` seconds.

    A group may outlive its leader: its members end what they themselves started in other groups.
    """
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    with contextlib.suppress(KeyboardInterrupt):
        while any(_lives(process) for process in processes) and time.monotonic() < deadline:
            time.sleep(0.05)
    for process in processes:
        _signal(process, signal.SIGKILL)
        process.wait()


def start_guarded(command: str, output: IO[Any]) -> "tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]":
    """Start a shell command as a group of its own; return its process and its guard, see `guard`.

    It begins when its guard is there: nothing of it outlives us, whenever we are killed.
    """
    wait, begin = os.pipe()
    try:
        process = subprocess.Popen(
            ["bash", "-c", f"read -r <&{wait} || exit; exec {wait}<&-; {command}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(wait,),
        )
        watch = guard(process)
        os.write(begin, b"\n")
    finally:
        os.close(wait)
        os.close(begin)
    return process, watch


def guard(process: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
    """Start what kills a process's group when we are gone without a word, as by Grid Engine's SIGKILL.

    The caller kills it when the process has ended.
    """
    return subprocess.Popen(
        ["bash", "-c", f"read -r; kill -KILL -- -{process.pid}"],
        stdin=subprocess.PIPE,  # ends with us
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _lives(process: "subprocess.Popen[bytes]") -> bool:
    process.poll()  # Otherwise the dead leader keeps its group.
    return _signal(process, 0)


def _signal(process: "subprocess.Popen[bytes]", number: int) -> bool:
    """Signal a process's group; return whether there is anybody in it."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True
