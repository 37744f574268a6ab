"""The contract of Kaldi's `run.pl`, `queue.pl` and `slurm.pl`: what a command line means and how a
log looks.

    CMD [--mem 4G] [--time T] [--num_threads N] [--gpu N] [--max_jobs_run N] [--config FILE]
        [JOB=1:N] LOG COMMAND…

`JOB` is replaced by the job's number in the log's path and in the command. A log begins with `#
COMMAND`, `# Running on …` and `# Started at …`, and ends with `# Accounting: time=…` and `# Ended
(code N) at …`. The command fails when any job failed, and then shows the first failed job's log and
where the others are.
"""

import os
import re
import shlex
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import REFUSALS, UserError

# The words that reach a job's shell as operators, as in `cmd LOG sort file \| uniq`; every other
# word is literal.
OPERATORS = frozenset({"|", "||", "&&", ";", "<", ">", ">>", "2>", "2>&1"})
SHOWN_LINES = 15
SHOWN_JOBS = 10
KILLED = 137
"""The code of a job of which nothing is known but that it is gone: that of SIGKILL."""


@dataclass(frozen=True)
class JobArray:
    """What to run: `command` once, or once for every number of `numbers` in place of `name`."""

    command: tuple[str, ...]
    log: str
    name: str | None = None
    numbers: tuple[int, ...] = (1,)
    max_jobs_run: int | None = None
    num_threads: int = 1

    def command_of(self, number: int) -> str:
        """Return the shell command of job `number`."""
        return shell_line(self.words_of(number))

    def words_of(self, number: int) -> list[str]:
        """Return the words of job `number`."""
        return [self._number(word, number) for word in self.command]

    def log_of(self, number: int) -> Path:
        """Return the log file of job `number`."""
        return Path(self._number(self.log, number))

    def _number(self, word: str, number: int) -> str:
        return word if self.name is None else word.replace(self.name, str(number))


def make_room(program: str, jobs: JobArray) -> None:
    """Make the folders of all logs. Raises `UserError` where a log could not be written."""
    for number in jobs.numbers:
        log = jobs.log_of(number)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
            raise UserError(
                f"{program}: {log}: expected a log that can be written; {error.filename}: "
                f"{error.strerror}"
            ) from None
        found = _instead_of(log)
        if found:
            raise UserError(f"{program}: {log}: expected a log that can be written, found {found}")


def _instead_of(log: Path) -> str:
    """What is in the place of a log, if none can be there."""
    if log.is_dir():
        return "a directory"
    leads_to = Path(os.path.realpath(log))
    # One that leads to itself is a link still.
    if leads_to.is_symlink() or not leads_to.parent.is_dir():
        return "a link that leads nowhere"
    return ""


def shell_line(words: Sequence[str]) -> str:
    """Return words as a shell reads them, operators as such."""
    return " ".join(word if word in OPERATORS else shlex.quote(word) for word in words)


@dataclass(frozen=True)
class Request:
    """A command line under the contract."""

    jobs: JobArray
    options: Mapping[str, str]
    """`--num-threads 2` is `num_threads`; a queue's option map says what becomes of it."""
    native: tuple[str, ...]
    """Options with one dash, which are the scheduler's own, such as `-q long.q`."""


def read(program: str, arguments: Sequence[str]) -> Request:
    """Read a command line.

    Raises `UserError`, which begins with `program`, for an option without a value, an empty or
    descending range, a log that all jobs would share, or when the log or the command is missing.
    """
    rest = list(arguments)
    options: dict[str, str] = {}
    native: list[str] = []
    name: str | None = None
    numbers: tuple[int, ...] = (1,)
    while rest:
        if rest[0].startswith("-"):
            _take_option(program, rest, options, native)
            continue
        array = re.fullmatch(r"([A-Za-z_]\w*)=(\d+)(?::(\d+))?", rest[0])
        if name is not None or array is None:
            break
        name, first, last = array[1], int(array[2]), int(array[3] or array[2])
        if not 1 <= first <= last:
            raise UserError(
                f"{program}: {rest[0]}: expected a range such as JOB=1:4 that begins at 1 or above"
            )
        numbers = tuple(range(first, last + 1))
        del rest[0]
    if len(rest) < 2:
        raise UserError(
            f"{program}: expected [options] [JOB=1:N] LOG COMMAND…, found: {shlex.join(arguments)}"
        )
    if name is not None and len(numbers) > 1 and name not in rest[0]:
        raise UserError(f"{program}: {rest[0]}: the log of several jobs has to contain {name}")
    limit = count(program, options, "max_jobs_run")
    threads = count(program, options, "num_threads") or 1
    return Request(
        JobArray(tuple(rest[1:]), rest[0], name, numbers, limit, threads), options, tuple(native)
    )


def count(program: str, options: Mapping[str, str], name: str, least: int = 1) -> int | None:
    """Return the number that is option `name`, or None where it is not given."""
    text = options.get(name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) < least:
        raise UserError(f"{program}: --{name} {text}: expected a whole number, {least} or more")
    return int(text)


def _take_option(program: str, rest: list[str], options: dict[str, str], native: list[str]) -> None:
    switch = rest[0]
    values = {"-V": 0, "-pe": 2}.get(
        switch, 1
    )  # Grid Engine's, which Kaldi's commands know as such
    if len(rest) <= values:
        raise UserError(f"{program}: {switch}: expected a value after it")
    if switch.startswith("--"):
        options[switch[2:].replace("-", "_")] = rest[1]
    else:
        native += rest[: values + 1]
    del rest[: values + 1]


def head(command: str) -> str:
    """Return the first lines of a log."""
    return f"# {command}\n# Running on {socket.gethostname()}\n# Started at {time.ctime()}\n#\n"


def foot(code: int, seconds: float, threads: int) -> str:
    """Return the last lines of a log."""
    return (
        f"# Accounting: time={seconds:.0f} threads={threads}\n"
        f"# Ended (code {code}) at {time.ctime()}, elapsed time {seconds:.0f} seconds\n"
    )


def code_of(line: str) -> int | None:
    """Return the exit code that a log's last line tells."""
    match = re.match(r"# Ended \(code (-?\d+)\) at ", line)
    if match is None:
        return None
    return int(match[1])


def reasons(lines: Sequence[str]) -> list[str]:
    """Return the line of a job's log that says why it ended, where it does (`errors.command`); else
    its last lines.
    """
    last = lines[-SHOWN_LINES:]
    for line in reversed(last):
        if line.startswith(("error: ", "interrupted by ")) or _is_refusal(line):
            return [line]
    return [f"    {line}" for line in last]


def _is_refusal(line: str) -> bool:
    """Whether a line ends a traceback of a program of others, by an error that is the machine's."""
    match = re.match(r"\w*Error: \[Errno (\d+)\] ", line)
    return match is not None and int(match[1]) in REFUSALS


def show_failed(program: str, jobs: JobArray, failed: Mapping[int, str]) -> None:
    """Show why the first failed job did, and which others failed; `failed` says how
    each one ended.
    """
    numbers = sorted(failed)
    log = jobs.log_of(numbers[0])
    if log.exists():
        for line in reasons(log.read_text(encoding="utf-8", errors="replace").splitlines()):
            print(line, file=sys.stderr)
    many = "the job failed;"
    if len(jobs.numbers) > 1:
        many = f"{len(failed)} of {len(jobs.numbers)} jobs failed; the first"
    print(f"{program}: {many} {failed[numbers[0]]}; its log is {log}", file=sys.stderr)
    for number in numbers[1:SHOWN_JOBS]:
        print(
            f"{program}: job {number} {failed[number]}; its log is {jobs.log_of(number)}",
            file=sys.stderr,
        )
    if len(numbers) > SHOWN_JOBS:
        print(f"{program}: and jobs {' '.join(map(str, numbers[SHOWN_JOBS:]))}", file=sys.stderr)
