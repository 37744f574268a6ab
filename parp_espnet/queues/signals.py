"""Ending commands that run for us.

A command gets SIGTERM and not SIGINT: a Python that is still importing answers SIGINT with a
traceback.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any, NoReturn, Protocol

from parp_espnet.unheard import interrupt

PLAIN = ("-p",)
"""Options of a bash that runs nothing of the user's before our words, such as `BASH_ENV`, and knows
no functions in the place of its own commands.
"""


class Process(Protocol):
    """What is used here of a process: `subprocess.Popen`, or one that was forked."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""

    def wait(self) -> int:
        """Wait for its end; return its exit code."""


class TerminatedError(Exception):
    """SIGTERM, as an exception, so that it ends what runs for us as Ctrl-C does."""


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Within, the first SIGTERM raises `TerminatedError`, and later ones do nothing."""

    def terminate(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        interrupt(TerminatedError)

    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM wait until the end: a process that is being started is not yet
    known to us.
    """
    received: list[int] = []
    previous = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell starts what it runs in the background with Ctrl-C ignored, and tells it by SIGTERM
        # of one that came: the former, in the place of the latter, would be told to nobody.
        if signal.getsignal(number) != signal.SIG_IGN:
            previous[number] = signal.signal(number, lambda number, _: received.append(number))
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


def end(processes: Sequence[Process], grace: float) -> None:
    """End processes that lead groups of their own, and all that they started; kill after `grace`
    seconds.

    A group may outlive its leader: its members end what they themselves started in other groups.
    """
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    with contextlib.suppress(KeyboardInterrupt):
        while any(map(_lives, processes)) and time.monotonic() < deadline:
            time.sleep(0.05)
    for process in processes:
        _signal(process, signal.SIGKILL)
        process.wait()


def start_guarded(
    start: Callable[[int], Process], grace: int = 0
) -> "tuple[Process, subprocess.Popen[bytes]]":
    """Start a process that leads a session of its own; return it and its guard, see `guard`.

    It begins when its guard is there: nothing of it outlives us, whenever we are killed.

    Args:
        start: starts what waits at a pipe's end for a byte, and only goes on when it has come.
        grace: seconds for which it is told to end, when we are killed, before it is killed.
    """
    wait, end_of_ours = os.pipe()
    with open(end_of_ours, "wb", buffering=0) as begin, _ours_alone(begin):  # noqa: PTH123
        try:
            process = start(wait)
        finally:
            os.close(wait)
        watch = guard(process, grace)
        # What has ended by itself, or was killed, has its exit code.
        with contextlib.suppress(BrokenPipeError):
            begin.write(b"\n")
    return process, watch


_ends: set[IO[bytes]] = set()
"""Our ends of pipes: whoever waits at the other one sees our end, unless a fork of us holds them.
"""


def _close_ends() -> None:
    for pipe in _ends:
        pipe.close()


os.register_at_fork(after_in_child=_close_ends)


@contextmanager
def _ours_alone(pipe: IO[bytes]) -> Iterator[None]:
    _ends.add(pipe)
    try:
        yield
    finally:
        _ends.discard(pipe)


def shell(command: str, output: IO[Any], wait: int) -> "subprocess.Popen[bytes]":
    """Start a shell command that waits at a pipe's end for a line."""
    return subprocess.Popen(
        ["bash", "-c", f"read -r <&{wait} || exit; exec {wait}<&-; {command}"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=(wait,),
    )


def guard(process: Process, grace: int = 0) -> "subprocess.Popen[bytes]":
    """Start what kills a process's group when we are gone without a word, as by Grid Engine's
    SIGKILL.

    The caller kills it when the process has ended.

    Args:
        grace: seconds for which it is first told to end.
    """
    group = f"-- -{process.pid}"
    asked = f"kill -TERM {group}; SECONDS=0; " if grace else ""
    waited = f"while ((SECONDS < {grace})) && kill -0 {group}; do sleep 0.1; done; "
    watch = subprocess.Popen(
        ["bash", *PLAIN, "-c", f"read -r; {asked}{waited if grace else ''}kill -KILL {group}"],
        stdin=subprocess.PIPE,  # ends with us
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert watch.stdin is not None
    _ends.add(watch.stdin)
    return watch


def leave(watch: "subprocess.Popen[bytes]") -> None:
    """End a guard whose process has ended."""
    watch.kill()
    watch.communicate()
    assert watch.stdin is not None
    _ends.discard(watch.stdin)


def _lives(process: Process) -> bool:
    process.poll()  # Otherwise the dead leader keeps its group.
    return _signal(process, 0)


def _signal(process: Process, number: int) -> bool:
    """Signal a process's group; return whether there is anybody in it."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True
