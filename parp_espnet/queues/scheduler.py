"""What the driver asks of a scheduler."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

ASK_SECONDS = 60.0


class Cause(Enum):
    """Why a scheduler ended a job that may be tried again, and with what."""

    MEMORY = "mem"
    TIME = "time"
    NODE = "as it was"


@dataclass(frozen=True)
class State:
    """What a scheduler says of one job."""

    name: str
    """Its own word, such as `RUNNING`."""
    alive: bool
    reason: str = ""
    code: int | None = None
    cause: Cause | None = None
    killed: bool = False
    """It was the scheduler that ended it, or never will start it."""
    limits: tuple[tuple[str, str], ...] = ()
    """What it ran under, as `(("mem", "100M"), ("time", "00:01:00"))`."""
    held: bool = False
    """It waits for more than its turn, such as a node that is drained."""

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})" if self.reason else self.name


GONE = State("no longer known", alive=False)


class UnreachableError(Exception):
    """The scheduler did not answer; what it said."""


class Scheduler(Protocol):
    """A kind of scheduler."""

    title: str
    index: str
    """Shell variable that holds an array job's number in its script."""
    limits_arrays: bool
    """Whether how many jobs of an array run at a time is always its own option, whatever the
    configuration says.
    """
    explains: bool
    """Whether it may know better than the job itself how it ended, and so is asked about each that
    failed.
    """

    def own_options(
        self, numbers: Sequence[int], max_jobs_run: int | None, stem: Path
    ) -> list[str]:
        """Return the words that make an array of `numbers` (none for a single one), and send output
        to `output_of`.
        """

    def job_id(self, said: str) -> str | None:
        """Return the id of the job in what the submitting command said."""

    def states(self, job: str, numbers: Sequence[int], stem: Path) -> dict[int, State]:
        """Return the state of every number that the scheduler still knows. Raises
        `UnreachableError`.
        """

    def cancel(self, job: str) -> None:
        """End the job and all of its array."""


def output_of(stem: Path, number: int | str) -> Path:
    """Return the file of what a job's script, and with Slurm the scheduler, says; the command has
    its own log.
    """
    return stem.with_name(f"{stem.name}.{number}.out")


def ask(*words: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Run one of a scheduler's commands; return its code and its words. Raises
    `UnreachableError`.
    """
    try:
        # In a session of its own: Ctrl-C and SIGTERM are for us, who have to end jobs by this very
        # command.
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            timeout=ASK_SECONDS,
            check=False,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise UnreachableError(f"{words[0]}: command not found") from None
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"{words[0]} took longer than {ASK_SECONDS:.0f} s") from None
    return done.returncode, done.stdout.decode("utf-8", errors="replace").strip()
