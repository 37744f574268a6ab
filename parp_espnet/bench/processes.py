"""One measurement, in a process of its own."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from parp_espnet.errors import UserError

_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""Of a process, and of one that a shell or a measurement waited for."""


def in_a_process(module: str, *words: str, threads: int) -> dict[str, float]:
    """Return what `python3 -m MODULE WORD …` prints as JSON.

    Raises `UserError` where it fails, with the last line that it said, or was killed.
    """
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode in _KILLED:
        raise UserError(f"{module} {' '.join(words)} was killed: there was too little memory")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"{module} {' '.join(words)} ended with code {done.returncode}: {last}")
    return dict(json.loads(done.stdout))


def apart(act: Callable[..., object], *arguments: object) -> None:
    """Let another process do what is not to be measured: that has a peak of memory of its own.

    Where it fails, this one ends with its code, as a shell would say it of a signal.
    """
    process = multiprocessing.get_context("spawn").Process(target=act, args=arguments)
    process.start()
    process.join()
    code = process.exitcode
    if code:
        sys.exit(code if code > 0 else 128 - code)
