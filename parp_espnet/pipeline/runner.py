"""Run an array of jobs on this machine under the contract of Kaldi's `run.pl`, `queue.pl` and `slurm.pl`.

    CMD [--mem 4G] [--time T] [--num_threads N] [--gpu N] [--max_jobs_run N] [--config FILE]
        [JOB=1:N] LOG COMMAND…

`JOB` is replaced by the job's number in the log's path and in the command. A log begins with `# COMMAND` and
`# Started at …` and ends with `# Ended (code N) …`. The runner fails when any job failed, and then shows that
job's log.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from parp_espnet.errors import UserError
from parp_espnet.pipeline.signals import end, undisturbed

# The words that reach a job's shell as operators, as in `cmd LOG sort file \| uniq`; every other word is
# literal.
OPERATORS = frozenset({"|", "||", "&&", ";", "<", ">", ">>", "2>", "2>&1"})
SHOWN_LINES = 15
GRACE_SECONDS = 20.0


@dataclass(frozen=True)
class JobArray:
    """What to run: `command` once, or once for every number of `numbers` in place of `name`."""

    command: tuple[str, ...]
    log: str
    name: str | None = None
    numbers: tuple[int, ...] = (1,)
    max_jobs_run: int = 1

    def command_of(self, number: int) -> str:
        """Return the shell command of job `number`."""
        words = (self._number(word, number) for word in self.command)
        return " ".join(word if word in OPERATORS else shlex.quote(word) for word in words)

    def log_of(self, number: int) -> Path:
        """Return the log file of job `number`."""
        return Path(self._number(self.log, number))

    def _number(self, word: str, number: int) -> str:
        return word if self.name is None else word.replace(self.name, str(number))


def parse(arguments: Sequence[str]) -> JobArray:
    """Read a command line under the queue contract.

    Raises `UserError` for an unknown option, an empty or descending range, a log that all jobs would share,
    or when the log or the command is missing.
    """
    parser = _Parser(prog="run_local", allow_abbrev=False, add_help=False)
    for ignored in ("mem", "time", "config", "gpu"):  # A queue's concern: this machine has what it has.
        parser.add_argument(*_spellings(ignored))
    parser.add_argument(*_spellings("num_threads"), type=int, default=1)
    parser.add_argument(*_spellings("max_jobs_run"), type=int, default=None)
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    options = parser.parse_args(list(arguments))
    rest = list(options.rest)
    name: str | None = None
    numbers: tuple[int, ...] = (1,)
    if rest and (match := re.fullmatch(r"([A-Za-z_]\w*)=(\d+)(?::(\d+))?", rest[0])):
        name, first, last = match[1], int(match[2]), int(match[3] or match[2])
        if not 1 <= first <= last:
            raise UserError(f"run_local: {rest[0]}: expected a range such as JOB=1:4 that begins at 1 or above")
        numbers = tuple(range(first, last + 1))
        rest = rest[1:]
    if len(rest) < 2:
        raise UserError(f"run_local: expected [options] [JOB=1:N] LOG COMMAND…, found: {shlex.join(arguments)}")
    if name is not None and len(numbers) > 1 and name not in rest[0]:
        raise UserError(f"run_local: {rest[0]}: the log of several jobs has to contain {name}")
    if options.num_threads < 1 or (options.max_jobs_run is not None and options.max_jobs_run < 1):
        raise UserError("run_local: --num_threads and --max_jobs_run have to be 1 or more")
    limit = options.max_jobs_run or max(1, (os.cpu_count() or 1) // options.num_threads)
    return JobArray(tuple(rest[1:]), rest[0], name, numbers, limit)


def run(jobs: JobArray) -> int:
    """Run all jobs, `max_jobs_run` at a time; return 0, or 1 when any failed.

    Each job is a process group of its own, all of which Ctrl-C and SIGTERM end.
    """
    waiting = list(jobs.numbers)
    running: dict[int, _Job] = {}
    failed: dict[int, int] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs.max_jobs_run:
                number = waiting.pop(0)
                with undisturbed():
                    running[number] = _Job(jobs.command_of(number), jobs.log_of(number))
            time.sleep(0.05)
            for number, job in list(running.items()):
                if (code := job.poll()) is not None:
                    del running[number]
                    if code != 0:
                        failed[number] = code
    except BaseException:
        end([job.process for job in running.values()], GRACE_SECONDS)
        for job in running.values():
            job.poll()
        raise
    if failed:
        _show(jobs, failed)
    return 1 if failed else 0


class _Job:
    """One running job and its log."""

    def __init__(self, command: str, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._begin = time.monotonic()
        with log.open("w", encoding="utf-8") as out:
            out.write(f"# {command}\n# Started at {time.ctime()}\n#\n")
            out.flush()
            self.process = subprocess.Popen(
                ["bash", "-c", f"set -o pipefail; {command}"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._log = log

    def poll(self) -> int | None:
        """Return the job's exit code once it has ended, and close its log."""
        code = self.process.poll()
        if code is not None:
            seconds = time.monotonic() - self._begin
            with self._log.open("a", encoding="utf-8") as out:
                out.write(f"# Ended (code {code}) at {time.ctime()}, elapsed time {seconds:.0f} seconds\n")
        return code


def _show(jobs: JobArray, failed: dict[int, int]) -> None:
    number, code = next(iter(sorted(failed.items())))
    log = jobs.log_of(number)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-SHOWN_LINES:]
    many = (
        f"{len(failed)} of {len(jobs.numbers)} jobs failed; the first" if len(jobs.numbers) > 1 else "the job failed;"
    )
    print("\n".join(f"    {line}" for line in lines), file=sys.stderr)
    print(f"run_local: {many} ended with code {code}; its log is {log}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"run_local: {message}")


def _spellings(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}")))
