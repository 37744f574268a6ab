"""Run jobs through a scheduler, and those again that it ended for want of memory, of time, or of a
node.
"""

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from parp_espnet.errors import UserError
from parp_espnet.queues import contract
from parp_espnet.queues.contract import JobArray, Request
from parp_espnet.queues.limits import more_memory, more_time
from parp_espnet.queues.options import OptionMap
from parp_espnet.queues.scheduler import Cause, Scheduler
from parp_espnet.queues.submission import PROGRAM, End, Submission

MORE = {Cause.MEMORY: more_memory, Cause.TIME: more_time}
SAID_LINES = 5


def run(scheduler: Scheduler, request: Request, config: OptionMap, retries: int) -> int:
    """Run all jobs; return 0, or 1 when any failed. Raises `UserError` when the scheduler refuses
    them.
    """
    options = dict(request.options)
    failed: dict[int, str] = {}
    short: dict[str, str] = {}
    waiting = request.jobs.numbers
    for attempt in range(retries + 1):
        jobs, line = lay_out(scheduler, replace(request, options=options), config)
        jobs = replace(jobs, numbers=waiting)
        submission = Submission(scheduler, jobs, line)
        try:
            ends = submission.run()
        except UserError as error:
            if attempt == 0:
                raise
            failed |= dict.fromkeys(waiting, f"failed, and again it was refused: {error}")
            break
        again: dict[int, End] = {}
        raised = dict(options)
        for number, end in ends.items():
            if end.code == 0 and not end.state.killed:
                continue
            _close_log(jobs, number, end, submission, scheduler)
            more = _more(options, config, end)
            if more is None or attempt == retries:
                short |= more or {}
                failed[number] = _describe(end, submission, scheduler)
                continue
            raised |= more
            again[number] = end
            _keep_log(jobs, number, submission, attempt)
        submission.place.clear()
        options = raised
        if not again:
            break
        waiting = tuple(sorted(again))
        _say_again(again, options, scheduler)
    if failed:
        contract.show_failed(PROGRAM, request.jobs, failed)
        if short:
            wanted = " ".join(f"--{name} {value}" for name, value in sorted(short.items()))
            print(f"{PROGRAM}: cmd.sh may ask for more, as by {wanted}", file=sys.stderr)
    return 1 if failed else 0


def lay_out(scheduler: Scheduler, request: Request, config: OptionMap) -> tuple[JobArray, str]:
    """Return the jobs, and the submitting command with the words of all options but the scheduler's
    own for arrays.
    """
    jobs, options = request.jobs, dict(request.options)
    if len(jobs.numbers) == 1 or scheduler.limits_arrays or not config.maps("max_jobs_run"):
        options.pop("max_jobs_run", None)
    else:
        jobs = replace(jobs, max_jobs_run=None)
    return jobs, " ".join([config.line(options), *request.native])


def _more(given: dict[str, str], config: OptionMap, end: End) -> dict[str, str] | None:
    """Return the options that a job wants besides the given ones to be tried again, or None where
    it is not.
    """
    cause = end.state.cause
    if cause is None or cause is Cause.NODE:
        return None if cause is None else {}
    name = cause.value
    had = dict(end.state.limits).get(name, "")
    asked = given.get(name, "0")
    # Slurm rounds times up to minutes. What memory it had may be that of a node, and the option
    # that of a processor.
    value = had if asked == "0" or (cause is Cause.TIME and had) else asked
    more = MORE[cause](value)
    return {name: more} if more is not None and config.maps(name) else None


def _close_log(
    jobs: JobArray, number: int, end: End, submission: Submission, scheduler: Scheduler
) -> None:
    """Let a log tell what the scheduler did, and end as logs do."""
    if end.marked and not end.state.killed:
        return
    path = jobs.log_of(number)
    known = []
    if path.exists():
        known = path.read_text(encoding="utf-8", errors="replace").splitlines()
    said = news(submission.place.output(number), known)
    with path.open("a", encoding="utf-8") as log:
        for line in (f"{scheduler.title}: {end.state}", *said):
            log.write(f"# {line}\n")
        log.write(f"# Ended (code {end.code}) at {time.ctime()}\n")


def news(output: Sequence[str], log: Sequence[str]) -> list[str]:
    """Return the last lines of a script's `output` that its job's log does not hold.

    Where the scheduler's signal reaches the job before its `run_local`, that shows the log's end as
    a failed job's, many lines that would push the scheduler's own words out.
    """
    known = set(map(str.strip, log))
    return [line for line in output if line.strip() not in known][-SAID_LINES:]


def _keep_log(jobs: JobArray, number: int, submission: Submission, attempt: int) -> None:
    log = jobs.log_of(number)
    shutil.move(log, submission.place.folder / f"{log.name}.{attempt + 1}")


def _describe(end: End, submission: Submission, scheduler: Scheduler) -> str:
    if end.state.killed:
        return f"was stopped, {scheduler.title} says {end.state}"
    if end.marked:
        return f"ended with code {end.code}"
    return (
        f"is gone and left no mark in {submission.place.folder}, {scheduler.title} says "
        f"{end.state}; "
        "that directory has to be the same on every node"
    )


def _say_again(again: dict[int, End], options: dict[str, str], scheduler: Scheduler) -> None:
    stopped = [f"job {number}: {end.state}" for number, end in sorted(again.items())]
    limits = []
    for name in ("mem", "time"):
        if name in options:
            limits.append(f"--{name} {options[name]}")
    told = f"{PROGRAM}: {scheduler.title} stopped {', '.join(stopped)}; again"
    if limits:
        told += f" with {' '.join(limits)}"
    print(told, file=sys.stderr)
