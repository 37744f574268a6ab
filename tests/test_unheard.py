"""An interruption is heard wherever it comes."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys
from parp_espnet.errors import command
from parp_espnet.queues.signals import unless_terminated
NUMBER = signal.{name}
class Holder:
    def __del__(self):
        os.kill(os.getpid(), NUMBER)  # it comes while this is finalised
def work():
    for number in range({times}):
        holder = Holder()
        del holder
    while True:
        signal.pause()
@command
def main():
    sys.exit(unless_terminated(work))
main()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_what_comes_in_a_finaliser_ends_the_command(name: str, code: int) -> None:
    script = SCRIPT.format(name=name, times=1)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Exception ignored" not in done.stderr
    assert "Traceback" not in done.stderr


def test_other_errors_of_finalisers_are_told() -> None:
    script = SCRIPT.format(name="SIGINT", times=1).replace(
        "os.kill(os.getpid(), NUMBER)", "raise KeyError(7)"
    )
    script = script.replace("signal.pause()", "return 5")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    assert "KeyError: 7" in done.stderr
