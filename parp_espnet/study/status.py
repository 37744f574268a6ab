"""Where a study stands, in words."""

from collections import Counter
from collections.abc import Sequence

from parp_espnet.errors import UserError
from parp_espnet.scoring.aligned import aligned
from parp_espnet.study.state import Standing, State


def describe(experiments: Sequence[Standing], jobs: int) -> str:
    """Return a few lines: how many experiments are in each state, the time left with `jobs` at a
    time, which failed.
    """
    counts = Counter(standing.state for standing in experiments)
    told = [f"{counts[state]} {state.value}" for state in State if counts[state]]
    lines = [f"{len(experiments)} experiments: {', '.join(told)}"]
    waiting = _waiting(experiments)
    if waiting:
        lines.append(_time_left(waiting, jobs))
    for standing in experiments:
        directory = standing.experiment.directory
        if standing.state is State.RUNNING:
            done = f"{standing.updates_done} of {standing.updates} updates"
            lines.append(f"  running {directory}: {done}")
        elif standing.state is State.FAILED:
            where = "" if standing.log is None else f", log in {standing.log}"
            lines.append(f"  failed  {directory}{where}")
    return "\n".join(lines)


def _waiting(experiments: Sequence[Standing]) -> list[Standing]:
    return [standing for standing in experiments if standing.state is not State.DONE]


def _time_left(waiting: Sequence[Standing], jobs: int) -> str:
    updates, known = 0, []
    for standing in waiting:
        updates += standing.updates - standing.updates_done
        if standing.seconds_left is not None:
            known.append(standing.seconds_left)
    left = f"{updates} updates are left: "
    if not known:
        return f"{left}nothing is done yet to estimate the time from"
    left += f"about {duration(sum(known) / jobs)}"
    return f"{left}, {jobs} at a time" if jobs > 1 else left


def listing(experiments: Sequence[Standing]) -> str:
    """Return one line for each experiment: its state, updates, estimated time, arm and
    directory.
    """
    lines = [("state", "updates left", "time left", "arm", "experiment")]
    for standing in experiments:
        state, updates, time = standing.state.value, "", ""
        if standing.state is not State.DONE:
            updates = str(standing.updates - standing.updates_done)
        if standing.seconds_left:
            time = duration(standing.seconds_left)
        experiment = standing.experiment
        lines.append((state, updates, time, experiment.arm, str(experiment.directory)))
    return aligned(lines)


def duration(seconds: float) -> str:
    """Spell a time as `3 h 20 min`, `20 min` or `40 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def failures(experiments: Sequence[Standing], unmeasured: Sequence[Standing] = ()) -> None:
    """Raise `UserError` that names the experiments which are not done, with their logs.

    Args:
        unmeasured: those that are, but for their exports.
    """
    missing = _waiting(experiments)
    lacks = []
    if missing:
        lacks.append(f"{len(missing)} of {len(experiments)} experiments have no result")
    if unmeasured:
        lacks.append(f"{len(unmeasured)} have one, and no exports that could be measured")
    if not lacks:
        return
    told = f"{', '.join(lacks)}; the same command tries them again:"
    for standing in (*missing, *unmeasured):
        log = "" if standing.log is None else f": {standing.log}"
        told += f"\n    {standing.experiment.directory}{log}"
    raise UserError(told)
