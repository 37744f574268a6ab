"""Where a study stands: what is done, running, failed and left, and how long the rest may take."""

import fcntl
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import median

from parp_espnet.errors import UserError, printable
from parp_espnet.files import read_json, write_json
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.pipeline.record import stale
from parp_espnet.progress import say
from parp_espnet.scoring.result import Result, fits
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.plan import Study

ESSENTIAL = {"method": str, "seed": int, "error_rate": float}
"""Fields of every result, of whichever version, and what they hold."""
FIRST_LINE = "experiment "
"""Begins the line of a job's log that says which experiment's it is."""
PROGRESS = "progress.json"
"""In the directory of every finetuning."""
JOB = "job.json"
"""In the directory of an experiment: what the job took that completed it. Its log is lost when a
later job skips it.
"""
UNPACKED = "unpacked.json"
"""In the directory of an experiment that ran elsewhere, and whose records `parp-study unpack` put
there.
"""
ENDED = re.compile(r"^# Ended \(code (\d+)\)", re.MULTILINE)


class State(Enum):
    """What is known of an experiment."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    LEFT = "left"


@dataclass(frozen=True)
class Standing:
    """An experiment and its state."""

    experiment: Experiment
    state: State
    log: Path | None
    """The log of the job that ran it last, where there is one."""
    updates_done: int
    updates: int
    """Of all finetunings that the study does for it."""
    seconds_left: float | None
    """Estimated from experiments that are done; None where none is."""


def standings(study: Study, logs: Path) -> list[Standing]:
    """Return where each experiment stands, in the study's order.

    Args:
        logs: folder of the logs of the study's jobs.

    Raises:
        UserError: a result is of another version.
    """
    ran = _logs(logs)
    complete = [experiment for experiment in study.experiments if is_done(experiment)]
    results = {
        experiment.directory: Result.read(ROOT / experiment.result) for experiment in complete
    }
    paces = _paces(study, results)
    beside = _beside(results)
    stood = []
    for experiment in study.experiments:
        log, code = ran.get(experiment.directory, (None, None))
        state = State.DONE if experiment.directory in results else _state(experiment, code)
        work = study.finetunings([experiment])
        updates = sum(work.values())
        # Its own counts once a job has begun it; what its mask needs may be there before.
        begun = [path for path in work if state is not State.LEFT or path != experiment.directory]
        done = updates if state is State.DONE else sum(map(_progress, begun))
        pace = paces.get(experiment.recipe) or (median(paces.values()) if paces else None)
        left = None
        if state is State.DONE:
            left = 0.0
        elif pace is not None:
            left = pace * (updates - done) + beside
        stood.append(Standing(experiment, state, log, done, updates, left))
    return stood


def is_done(experiment: Experiment) -> bool:
    """Whether an experiment is complete, and nothing has changed of what it has read."""
    if not is_result(ROOT / experiment.result):
        return False
    return stale(ROOT / folder for folder in experiment.folders) is None


def is_result(file: Path) -> bool:
    """Whether a file is there and is a result, be it of another version: one that was cut short,
    say, is none.
    """
    if not file.is_file():
        return False
    try:
        content = read_json(file)
    except UserError:
        return False
    return isinstance(content, dict) and all(
        fits(content.get(name), kind) for name, kind in ESSENTIAL.items()
    )


def set_aside_damaged(study: Study) -> None:
    """Rename what stands in the place of a result and is none, and say so: it would count as done
    for ever.
    """
    for experiment in study.experiments:
        file = ROOT / experiment.result
        if file.is_file() and not is_result(file):
            beside = file.with_name(f"{file.name}.damaged")
            file.replace(beside)
            told = f"expected a result, found something else; it is {beside.name} now"
            say(printable(f"warning: {experiment.result}: {told}"))


def is_unpacked(experiment: Experiment) -> bool:
    """Whether an experiment is complete, and ran elsewhere: its model is not here."""
    return (
        is_result(ROOT / experiment.result) and (ROOT / experiment.directory / UNPACKED).is_file()
    )


def _state(experiment: Experiment, code: int | None) -> State:
    """The state of an experiment that is not done; `code` is that of its last job."""
    if _is_locked(ROOT / experiment.directory / LOCK):
        return State.RUNNING
    return State.FAILED if code else State.LEFT


def _is_locked(path: Path) -> bool:
    """Whether a run of the template holds its lock."""
    try:
        with path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _progress(directory: Path) -> int:
    return int(_number(directory / PROGRESS, "update") or 0)


def _number(file: Path, name: str) -> float | None:
    """A number by its name in a JSON file; None where it is not there."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        number = float(json.loads((ROOT / file).read_text(encoding="utf-8"))[name])
        return number if math.isfinite(number) else None
    return None


def _logs(folder: Path) -> dict[Path, tuple[Path, int | None]]:
    """The log of each experiment, by its directory, and the code with which its job ended; the
    newest holds.
    """
    last: dict[Path, tuple[Path, int | None]] = {}
    for log in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime):
        text = log.read_text(encoding="utf-8", errors="replace")
        names = [
            line.removeprefix(FIRST_LINE)
            for line in text.splitlines()
            if line.startswith(FIRST_LINE)
        ]
        ended = ENDED.search(text)
        if names:
            last[Path(names[0])] = (log, int(ended[1]) if ended else None)
    return last


def note_job(experiment: Experiment, seconds: float) -> None:
    """Remember what the job took that completed an experiment, for the time left of others."""
    write_json(ROOT / experiment.directory / JOB, {"seconds": round(seconds, 1)})


def _beside(results: Mapping[Path, Result]) -> float:
    """Seconds of a job beside training and decoding: programs begin, and what is complete is looked
    at.
    """
    others = []
    for directory, result in results.items():
        took = _number(directory / JOB, "seconds")
        # A job that continued an interrupted one took less.
        if took is not None and took > (own := _own_seconds(result)):
            others.append(took - own)
    return median(others) if others else 0.0


def _paces(study: Study, results: Mapping[Path, Result]) -> dict[Path, float]:
    """Seconds an update in each recipe, decoding included."""
    paces: dict[Path, list[float]] = {}
    for experiment in study.experiments:
        result = results.get(experiment.directory)
        if result is not None and result.train_seconds is not None:
            paces.setdefault(experiment.recipe, []).append(_own_seconds(result) / result.updates)
    return {recipe: median(several) for recipe, several in paces.items()}


def _own_seconds(result: Result) -> float:
    """What training and decoding took."""
    return (result.train_seconds or 0.0) + (result.decode_seconds or 0.0)


def describe(experiments: Sequence[Standing], jobs: int) -> str:
    """Return a few lines: how many experiments are in each state, the time left with `jobs` at a
    time, which failed.
    """
    counts = Counter(standing.state for standing in experiments)
    lines = [
        f"{len(experiments)} experiments: "
        + ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])
    ]
    if waiting := [standing for standing in experiments if standing.state is not State.DONE]:
        known = [standing.seconds_left for standing in waiting if standing.seconds_left is not None]
        updates = sum(standing.updates - standing.updates_done for standing in waiting)
        time = (
            f"about {duration(sum(known) / jobs)}"
            if known
            else "nothing is done yet to estimate the time from"
        )
        lines.append(
            f"{updates} updates are left: {time}"
            + (f", {jobs} at a time" if known and jobs > 1 else "")
        )
    for standing in experiments:
        where = "" if standing.log is None else f", log in {standing.log}"
        if standing.state is State.RUNNING:
            done = f"{standing.updates_done} of {standing.updates} updates"
            lines.append(f"  running {standing.experiment.directory}: {done}")
        elif standing.state is State.FAILED:
            lines.append(f"  failed  {standing.experiment.directory}{where}")
    return "\n".join(lines)


def listing(experiments: Sequence[Standing]) -> str:
    """Return one line for each experiment: its state, updates, estimated time, arm and
    directory.
    """
    rows = [
        (
            standing.state.value,
            f"{standing.updates - standing.updates_done}"
            if standing.state is not State.DONE
            else "",
            "" if not standing.seconds_left else duration(standing.seconds_left),
            standing.experiment.arm,
            str(standing.experiment.directory),
        )
        for standing in experiments
    ]
    head = ("state", "updates left", "time left", "arm", "experiment")
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def duration(seconds: float) -> str:
    """Spell a time as `3 h 20 min`, `20 min` or `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def failures(experiments: Sequence[Standing], unmeasured: Sequence[Standing] = ()) -> None:
    """Raise `UserError` that names the experiments which are not done, with their logs.

    Args:
        unmeasured: those that are, but for their exports.
    """
    missing = [standing for standing in experiments if standing.state is not State.DONE]
    lacks = []
    if missing:
        lacks.append(f"{len(missing)} of {len(experiments)} experiments have no result")
    if unmeasured:
        lacks.append(f"{len(unmeasured)} have one, and no exports that could be measured")
    if lacks:
        lines = [
            f"{standing.experiment.directory}" + (f": {standing.log}" if standing.log else "")
            for standing in (*missing, *unmeasured)
        ]
        raise UserError(
            f"{', '.join(lacks)}; the same command tries them again:\n    " + "\n    ".join(lines)
        )
