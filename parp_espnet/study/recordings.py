"""Whether the recordings are there that a study learns from without transcripts."""

from collections.abc import Iterable
from pathlib import Path

from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.score_checks import check_recordings
from parp_espnet.pipeline.settings import Settings
from parp_espnet.study.experiment import Experiment

OPTIONS = ("raw_speech", "unlabelled")


def check_recordings_of(experiments: Iterable[Experiment], where: object) -> None:
    """Raise `UserError` where a folder of recordings is missing, or has none that can be read: its
    line begins with `where`.

    A study can be read without them, for its plan and its results. What the study itself prepares,
    such as the training set of one of its languages, may be made by then.
    """
    speech = [one for one in experiments if isinstance(one.settings, Settings)]
    made = {one.settings.recipe / _training_set(one) for one in speech}
    for experiment in speech:
        for name in OPTIONS:
            given = getattr(experiment.settings, name)
            if given is None:
                continue
            folder = (experiment.settings.recipe / given).resolve()
            if folder.exists() or made.isdisjoint([folder, *folder.parents]):
                check_recordings(f"{where}: arm {experiment.arm}: {name} {_shown(folder)}", folder)


def _training_set(experiment: Experiment) -> Path:
    settings = experiment.settings
    assert isinstance(settings, Settings)
    return Path(settings.datadir, settings.train_name)


def _shown(folder: Path) -> Path:
    """A folder as studies name it: from the project's directory, where it is in there."""
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
