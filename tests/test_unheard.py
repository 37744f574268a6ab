"""An interruption is heard wherever it comes."""

import signal
import subprocess
import sys
import threading

import pytest

from parp_espnet.errors import command

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


def test_a_command_ends_in_another_thread_and_leaves_the_handlers_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    done = []

    @command
    def main() -> None:
        done.append(signal.getsignal(signal.SIGINT))

    other = threading.Thread(target=main)
    other.start()
    other.join()
    main()
    assert len(done) == 2
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


HALF_MADE = """
import os, signal, sys
from parp_espnet.errors import command
from parp_espnet.queues.signals import unless_terminated
{imports}
def interrupting(frame, event, argument):
    # It comes where this constructor has set nothing yet.
    if event == "call" and frame.f_code.co_qualname == "{made}.__init__":
        sys.setprofile(None)
        os.kill(os.getpid(), signal.{name})
def work():
    sys.setprofile(interrupting)
    {make}
    return 5
@command
def main():
    sys.exit(unless_terminated(work))
main()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize(
    ("imports", "made", "make"),
    [
        ("import io, wave", "Wave_write", "wave.open(io.BytesIO(), 'wb')"),
        ("import soundfile", "SoundFile", "soundfile.SoundFile('none.wav')"),
        ("from tqdm import tqdm", "tqdm", "tqdm([])"),
        ("import subprocess", "Popen", "subprocess.Popen(['true'])"),
        ("import tempfile", "TemporaryDirectory", "tempfile.TemporaryDirectory()"),
    ],
    ids=["wave", "soundfile", "tqdm", "Popen", "TemporaryDirectory"],
)
def test_what_is_half_made_is_dropped_without_a_word(
    imports: str, made: str, make: str, name: str, code: int
) -> None:
    """`wave.Error: # channels not specified`, in a traceback, for who pressed Ctrl-C."""
    script = HALF_MADE.format(imports=imports, made=made, make=make, name=name)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
