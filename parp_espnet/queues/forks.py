"""Commands that need no Python of their own.

Most of a short command's time are its imports. A process that runs many such
commands, one after the other, imports what they need once, and forks them off: their words, exit
codes, logs and signals are those of processes, since they are. Nothing is computed before a fork,
so that there is no thread whose lock could be inherited.
"""

import atexit
import contextlib
import gc
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import IO, Any

from tqdm import tqdm

OF_ESPNET = "espnet2.bin.aggregate_stats_dirs"
"""Its one command that is forked: others are to be what they are without this package."""
NEEDED = {
    "train": "parp_espnet.espnet.loaded",
    "decode": "parp_espnet.espnet.loaded",
    "preflight": "parp_espnet.upstreams.loaded",
    "mask": "parp_espnet.pipeline.mask_actions",
}
"""What commands of ours import when their options have been read, where that takes long."""
OF_JOBS = frozenset({"SLURM_JOB_ID", "PBS_JOBID", "JOB_ID"})
"""Variables that Slurm, PBS and Grid Engine set in a job."""
_state = {"allowed": False}


def allow() -> None:
    """From now on this process may fork commands: it has made no threads, and will make none.

    Not within a queue's job: what a fork shares with us takes no memory, but queues count it twice.
    """
    tqdm.monitor_interval = 0  # a thread that watches bars
    _state["allowed"] = OF_JOBS.isdisjoint(os.environ)


def module_of(words: Sequence[str]) -> str | None:
    """Return the module that a command runs, where it may be forked."""
    if not _state["allowed"] or tuple(words[:2]) != ("python3", "-m") or len(words) < 3:
        return None
    return words[2] if _is_known(words[2]) else None


def _is_known(module: str) -> bool:
    return module == OF_ESPNET or module.startswith("parp_espnet.bin.")


class Forked:
    """A forked command, with what is used of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""
        if self.returncode is None:
            self._take(os.WNOHANG)
        return self.returncode

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        while self.returncode is None:
            self._take(0)
        return self.returncode

    def _take(self, how: int) -> None:
        pid, status = os.waitpid(self.pid, how)
        if pid:
            self.returncode = os.waitstatus_to_exitcode(status)


def fork(words: Sequence[str], output: IO[Any] | None = None, gate: int | None = None) -> Forked:
    """Start a command of `module_of` as the leader of a session of its own.

    Args:
        output: where its words go; to ours by default.
        gate: a pipe's end from which it reads a byte before it begins; where there is none, it
            never begins.
    """
    module = words[2]
    # A runner's own command has another behind it.
    for place, word in enumerate(words):
        if word == "-m" and _is_known(words[place + 1]):
            _import(words[place + 1])
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    ready, of_child = os.pipe()
    pid = os.fork()
    if pid:
        os.close(of_child)
        # It can be ended when it leads a group, which it does when it closes its end.
        os.read(ready, 1)
        os.close(ready)
        return Forked(pid)
    code = 1
    try:
        _become(words, output)
        os.close(ready)
        os.close(of_child)
        if gate is None or _passed(gate):
            code = _run(module)
    finally:
        # Nothing of the process that we were forked from is to be ended here.
        os._exit(code)


def _passed(gate: int) -> bool:
    """Wait at a gate; return whether it was opened."""
    came = os.read(gate, 1)
    os.close(gate)
    return came != b""


def _import(module: str) -> None:
    """Import a command's module, quietly: what it says of itself belongs into a log."""
    with contextlib.suppress(Exception), _silence(), _uncollected():
        importlib.import_module(module)
        needed = NEEDED.get(module.rpartition(".")[2])
        if needed is not None:
            importlib.import_module(needed)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Let no garbage be collected: looking through what stays takes a fifth of an import's time.

    Forks never look through it, either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _become(words: Sequence[str], output: IO[Any] | None) -> None:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if output is not None:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.orig_argv[:] = words
    # What argparse calls the program.
    sys.argv[:] = [f"{words[2].rpartition('.')[2]}.py", *words[3:]]
    sys.audit("parp_espnet.fork", words[2])


def _run(module: str) -> int:
    """Run a module's `main` as an interpreter would; return the exit code."""
    code: Any = 0
    try:
        importlib.import_module(module).main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code or 0
