"""Where a study stands: what is done, running, failed and left, and how long the rest may take.
In words it is in `parp_espnet.study.status`.
"""

import fcntl
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import median

from parp_espnet.files import write_json
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.scoring.result import Result
from parp_espnet.study.complete import is_done, models_needed
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.plan import Study

FIRST_LINE = "experiment "
"""Begins the line of a job's log that says which experiment's it is."""
PROGRESS = "progress.json"
"""In the directory of every finetuning."""
JOB = "job.json"
"""In the directory of an experiment: what the job took that completed it. Its log is lost when a
later job skips it.
"""
NAMED = re.compile(rf"^{FIRST_LINE}(.*)$", re.MULTILINE)
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
    results = {}
    for experiment in filter(is_done, study.experiments):
        results[experiment.directory] = Result.read(ROOT / experiment.result)
    paces = _paces(study, results)
    beside = _beside(results)
    again = models_needed(study, results)
    stood = []
    for experiment in study.experiments:
        log, code = ran.get(experiment.directory, (None, None))
        work = study.finetunings([experiment])
        updates = sum(work.values())
        if experiment.directory in results and experiment.directory not in again:
            stood.append(Standing(experiment, State.DONE, log, updates, updates, 0.0))
            continue
        state = _state(experiment, code)
        if state is State.LEFT:
            # Its own counts once a job has begun it; what its mask needs may be there before.
            work.pop(experiment.directory, None)
        done = sum(map(_progress, work))
        left = None
        if paces:
            pace = paces.get(experiment.recipe) or median(paces.values())
            left = pace * (updates - done) + beside
        stood.append(Standing(experiment, state, log, done, updates, left))
    return stood


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
        named, ended = NAMED.search(text), ENDED.search(text)
        if named is not None:
            code = None if ended is None else int(ended[1])
            last[Path(named[1])] = log, code
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
        took, own = _number(directory / JOB, "seconds"), _own_seconds(result)
        # A job that continued an interrupted one took less.
        if took is not None and took > own:
            others.append(took - own)
    return median(others) if others else 0.0


def _paces(study: Study, results: Mapping[Path, Result]) -> dict[Path, float]:
    """Seconds an update in each recipe, decoding included."""
    paces: dict[Path, list[float]] = {}
    for experiment in study.experiments:
        result = results.get(experiment.directory)
        # Of a model that learnt nothing there is no pace.
        if result is not None and result.train_seconds is not None and result.updates:
            paces.setdefault(experiment.recipe, []).append(_own_seconds(result) / result.updates)
    return {recipe: median(several) for recipe, several in paces.items()}


def _own_seconds(result: Result) -> float:
    """What training and decoding took."""
    return (result.train_seconds or 0.0) + (result.decode_seconds or 0.0)
