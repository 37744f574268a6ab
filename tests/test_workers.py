"""Processes that share work out leave nothing, wherever Ctrl-C comes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Ctrl-C comes at the very place between the two steps in which a semaphore is made, or removed.
PROGRAM = """
import os
import signal
import sys
from multiprocessing import resource_tracker

from parp_espnet.errors import command
from parp_espnet.workers import process_pool, without_interrupts

STEP, NUMBER = sys.argv[1], int(sys.argv[2])
real = getattr(resource_tracker, STEP)
count = 0


def interrupted(*words):
    global count
    count += 1
    if count == NUMBER and STEP == "unregister":
        os.kill(os.getpid(), signal.SIGINT)
    real(*words)
    if count == NUMBER and STEP == "register":
        os.kill(os.getpid(), signal.SIGINT)


setattr(resource_tracker, STEP, interrupted)


@command
def main():
    with process_pool(2, "parp_espnet.workers") as pool:
        with without_interrupts():
            results = pool.map(abs, range(8))
        assert list(results) == list(range(8))


if __name__ == "__main__":
    main()
"""
INTERRUPTED = "interrupted: what was complete stays; the same command continues\n"


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("step", ["register", "unregister"])
def test_ctrl_c_between_the_steps_of_a_semaphore(tmp_path: Path, step: str, number: int) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    ended = subprocess.run(
        [sys.executable, str(program), step, str(number)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + signal.SIGINT, "", INTERRUPTED)


SLOW = """
import time

from parp_espnet.errors import command
from parp_espnet.workers import process_pool, without_interrupts


@command
def main():
    with process_pool(2, "parp_espnet.workers") as pool:
        with without_interrupts():
            results = pool.map(time.sleep, [0, 0, 9999, 9999])
        for number, _ in enumerate(results):
            print(number, flush=True)


if __name__ == "__main__":
    main()
"""


def test_ctrl_c_ends_work_that_has_begun(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, str(program)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "0\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert (process.returncode, errors) == (128 + signal.SIGINT, INTERRUPTED)
