"""Run an array of jobs on this machine under the contract of Kaldi's `run.pl`: see `contract`."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from parp_espnet.errors import UserError
from parp_espnet.machine import cores
from parp_espnet.queues import contract
from parp_espnet.queues.contract import OPERATORS, JobArray
from parp_espnet.queues.forks import fork, module_of
from parp_espnet.queues.signals import Process, end, leave, shell, start_guarded, undisturbed
from parp_espnet.shortages import KILLED

PROGRAM = "run_local"
GRACE_SECONDS = 90.0
"""Enough to end an update and write a gigabyte or two; a queue that allows less kills by itself."""
# A queue's concern: this machine has what it has.
IGNORED = frozenset({"mem", "time", "config", "gpu"})
KNOWN = IGNORED | {"num_threads", "max_jobs_run"}


class Job(Protocol):
    """One running job, a process group of its own."""

    @property
    def process(self) -> Process:
        """It."""

    def poll(self) -> int | None:
        """Return the job's exit code once it has ended."""


def parse(arguments: Sequence[str]) -> JobArray:
    """Read a command line under the contract.

    Raises `UserError` for an unknown option and for what `contract.read` refuses.
    """
    request = contract.read(PROGRAM, arguments)
    for name in request.options:
        if name not in KNOWN:
            raise UserError(
                f"{PROGRAM}: --{name}: no such option; there are --{' --'.join(sorted(KNOWN))}"
            )
    jobs = request.jobs
    return replace(jobs, max_jobs_run=jobs.max_jobs_run or max(1, cores() // jobs.num_threads))


def run(jobs: JobArray) -> int:
    """Run all jobs, `max_jobs_run` at a time; return 0, or 1 when any failed."""
    contract.make_room(PROGRAM, jobs)
    failed = run_all(jobs, lambda number: _LocalJob(jobs, number))
    if not failed:
        return 0
    ends = {number: _ended(code) for number, code in failed.items()}
    contract.show_failed(PROGRAM, jobs, ends)
    return 1


def _ended(code: int) -> str:
    """How a job failed. What kills a process unasked is most often a machine that has no more
    memory.
    """
    ended = f"ended with code {code}"
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        ended += f", killed: if nobody did it, {KILLED}"
    return ended


def run_all(jobs: JobArray, start: Callable[[int], Job]) -> dict[int, int]:
    """Start all jobs, `max_jobs_run` at a time; return the codes of those that failed.

    Each job is a process group of its own, all of which Ctrl-C and SIGTERM end.
    """
    waiting = list(jobs.numbers)
    running: dict[int, Job] = {}
    failed: dict[int, int] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (jobs.max_jobs_run or 1):
                number = waiting.pop(0)
                with undisturbed():
                    running[number] = start(number)
            time.sleep(0.05)
            for number, job in list(running.items()):
                code = job.poll()
                if code is not None:
                    del running[number]
                    if code != 0:
                        failed[number] = code
    except BaseException:
        end([job.process for job in running.values()], GRACE_SECONDS)
        for job in running.values():
            job.poll()
        raise
    return failed


class _LocalJob:
    """One running job and its log.

    The log stays open: where a queue has taken a job for lost and runs it again, its own log is put
    aside, and what this one still has to say is none of the new job's.
    """

    def __init__(self, jobs: JobArray, number: int) -> None:
        self._threads = jobs.num_threads
        self._begin = time.monotonic()
        self._log = _open_log(jobs.log_of(number))
        try:
            self._log.write(contract.head(jobs.command_of(number)))
            self._log.flush()
            self.process, self._guard = start_guarded(
                partial(_start, jobs.words_of(number), self._log)
            )
        except BaseException:
            self._log.close()
            raise

    def poll(self) -> int | None:
        code = self.process.poll()
        if code is not None and not self._log.closed:
            leave(self._guard)
            with self._log as out:
                out.write(contract.foot(code, time.monotonic() - self._begin, self._threads))
        return code


def _open_log(path: Path) -> IO[str]:
    """An empty log, to whose end all is written that writes to it."""

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_APPEND, 0o666)

    return open(path, "w", encoding="utf-8", opener=opened)


def _start(words: Sequence[str], output: IO[Any], wait: int) -> Process:
    """Start a job that waits at a pipe's end."""
    if module_of(words) is not None and OPERATORS.isdisjoint(words):
        return fork(words, output, wait)
    return shell(f"set -o pipefail; {contract.shell_line(words)}", output, wait)
