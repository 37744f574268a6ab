"""Lines and bars on stderr."""

import subprocess
import sys

INTERRUPTED_IN_TQDM = """
from tqdm.std import TqdmDefaultWriteLock
from parp_espnet.errors import command
from parp_espnet.progress import say

def interrupt(*_):
    raise KeyboardInterrupt

# Where Ctrl-C finds a process that says its first line.
TqdmDefaultWriteLock.create_mp_lock = interrupt
command(lambda: say("a line"))()
"""


def test_the_first_line_does_not_make_tqdms_lock() -> None:
    """Ctrl-C while tqdm makes its lock becomes an AttributeError within tqdm, and a traceback."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_TQDM], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "a line\n")
