"""What of a study is done, and what has to be done again although it is."""

from collections.abc import Collection
from pathlib import Path

from parp_espnet.errors import UserError, printable
from parp_espnet.files import read_json
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.record import stale
from parp_espnet.progress import say
from parp_espnet.scoring.result import UNPACKED, fits
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.plan import Study

ESSENTIAL = {"method": str, "seed": int, "error_rate": float}
"""Fields of every result, of whichever version, and what they hold."""


def is_done(experiment: Experiment) -> bool:
    """Whether an experiment is complete, and nothing has changed of what it has read.

    Of one that ran elsewhere nobody here knows what that was: records of its steps are those of a
    run that had begun here before its own were unpacked.
    """
    return is_result(ROOT / experiment.result) and changed_since(experiment) is None


def changed_since(experiment: Experiment, root: Path | None = None) -> str | None:
    """Say what has changed of what a complete experiment has read, for which it is run again; None
    where nothing has, or it ran elsewhere.

    Args:
        root: the project's directory, where that is another than this one.
    """
    root = root or ROOT
    if (root / experiment.directory / UNPACKED).is_file():
        return None
    return stale(root / folder for folder in experiment.folders)


def done_directories(study: Study) -> set[Path]:
    """Return the directories of the experiments that are done."""
    return {one.directory for one in filter(is_done, study.experiments)}


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
    if not isinstance(content, dict):
        return False
    return all(fits(content.get(name), kind) for name, kind in ESSENTIAL.items())


def is_unpacked(experiment: Experiment) -> bool:
    """Whether an experiment is complete, and ran elsewhere: its model is not here."""
    return (
        is_result(ROOT / experiment.result) and (ROOT / experiment.directory / UNPACKED).is_file()
    )


def _is_gone(experiment: Experiment) -> bool:
    """Whether an experiment is complete, and somebody has removed its model, to make room."""
    if not experiment.is_of_speech or not is_result(ROOT / experiment.result):
        return False
    return not (ROOT / experiment.directory / MODEL).is_file()


def models_needed(study: Study, done: Collection[Path]) -> set[Path]:
    """Return the directories of experiments that are complete, and whose models are not here but
    needed by others that are not done: these are trained again.

    Args:
        done: directories of experiments that are complete.
    """
    by_directory = {experiment.directory: experiment for experiment in study.experiments}
    missing = [one for one in study.experiments if one.directory not in done]
    needed: set[Path] = set()
    while missing:
        experiment = missing.pop()
        for directory in experiment.models_before:
            source = by_directory.get(directory)
            if source is None or directory in needed:
                continue
            # What is none of another arm's, such as OMP's dense model, a recipe makes by itself.
            removed = directory in experiment.models and _is_gone(source)
            if not is_unpacked(source) and not removed:
                continue
            needed.add(directory)
            # Its own model may go on from another.
            missing.append(source)
    return needed


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
