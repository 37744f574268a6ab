"""A command that runs for us, and does not outlive us."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.queues.forks import fork, module_of
from parp_espnet.queues.signals import PLAIN, Process, end, leave, start_guarded, undisturbed

GRACE_SECONDS = 100
"""More than a runner's, which ends what it runs."""


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Run a command, in a session of its own: we alone end it, and not the terminal besides.

    What ends us, be it an exception or a signal that cannot be heard, ends it: it is told to end,
    and killed later. It begins when what sees to that is there.

    Args:
        command: its words.
        environment: ours, where None is given.

    Raises `UserError` where there is no such command, or it may not be run.
    """
    _find(command[0], environment)
    bash = _find("bash")
    process: Process | None = None
    watch: subprocess.Popen[bytes] | None = None
    try:
        with undisturbed():
            process, watch = start_guarded(
                lambda wait: _start(bash, command, environment, wait), GRACE_SECONDS
            )
        yield process
    finally:
        if process is not None and process.poll() is None:
            end([process], GRACE_SECONDS)
        if watch is not None:
            leave(watch)


def _find(program: str, environment: Mapping[str, str] | None = None) -> str:
    """Return where a program is. Raises `UserError` where it is not there, or may not be run."""
    paths = (os.environ if environment is None else environment).get("PATH", os.defpath)
    found = shutil.which(program, path=paths)
    if found is None:
        there = os.sep in program and Path(program).exists()
        why = os.strerror(errno.EACCES if there else errno.ENOENT)
        raise UserError(f"cannot run {program}: {why}")
    return found


def _start(
    bash: str, command: Sequence[str], environment: Mapping[str, str] | None, wait: int
) -> Process:
    if environment is None and module_of(command) is not None:
        return fork(command, gate=wait)
    # It waits at the pipe's end, and becomes the command.
    gated = f'read -r <&{wait} || exit; exec {wait}<&-; exec -- "$@"'
    return subprocess.Popen(
        [bash, *PLAIN, "-c", gated, "bash", *command],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
        pass_fds=(wait,),
    )
