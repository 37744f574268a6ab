"""A module of ours in a Python of its own: for libraries that do not go well with others in one
process, or with what a process has done before.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import IO

from parp_espnet.errors import UserError
from parp_espnet.interpreter import ROOT
from parp_espnet.workers import end_after

KILLED = "which is what a machine does that has too little memory"


def run_apart(
    module: str, words: Sequence[object], what: str, told: Callable[[str], object] | None = None
) -> None:
    """Run a module by `python -P -m`, and wait for its end; Ctrl-C ends it, and so does our end.

    Args:
        words: its arguments.
        what: what it does, which begins the error.
        told: gets each line that it prints on stdout.

    Raises `UserError`, one line, where it fails: its own error, or by which signal it ended.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=_environment(),
            # A group of its own: Ctrl-C is for us.
            process_group=0,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if told is not None:
                    told(line.rstrip("\n"))
            code = process.wait()
        finally:
            process.kill()
            process.communicate()
        if code:
            errors.seek(0)
            raise UserError(f"{what}: {_why(code, errors.read())}")


def end_with_parent() -> None:
    """Let this process, a child of `run_apart`, end at once when its parent has ended."""
    given = os.dup(sys.stdin.fileno())
    # The parent never writes, so that this returns when it is gone.
    end_after(lambda: os.read(given, 1))


def progress_stream() -> IO[str]:
    """The stdout as it is now, of which each line comes to the parent, whatever becomes of stdout.

    To be closed by the caller.
    """
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)


def _environment() -> dict[str, str]:
    """Ours, by which a child finds this package, and what it starts leaves the present directory
    out.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


def _why(code: int, printed: str) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        hint = f" ({KILLED})" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}; nothing is written: give the command again"
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    if not lines:
        return f"its process ended with exit code {code} and said nothing"
    return lines[-1].removeprefix("error: ")
