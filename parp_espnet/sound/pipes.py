"""Recordings that a command of wav.scp writes to its standard output."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parp_espnet.interpreter import unshielded
from parp_espnet.sound.errors import SoundError, Trouble


def is_pipe(value: str) -> bool:
    """Whether a value of wav.scp is a command that writes a recording, such as `sph2pipe -f wav
    talk.sph |`.
    """
    return value.endswith("|") and len(value) > 1 and not value.startswith("|")


@contextmanager
def output_of(value: str) -> Iterator[Path]:
    """Run a command, once, and yield the file that it has written, which is gone afterwards.

    Raises `SoundError` where the command ends with another exit code than 0.
    """
    command = ["bash", "-o", "pipefail", "-c", value.removesuffix("|")]
    with tempfile.NamedTemporaryFile(prefix="parp-pipe-") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
            env=unshielded(),
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            found = f"one that ended with exit code {done.returncode} ({said[-1]})"
            raise SoundError(value, Trouble.UNDECODABLE, "a command that writes a recording", found)
        yield Path(output.name)
