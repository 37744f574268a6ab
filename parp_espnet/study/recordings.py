"""Whether the recordings are there that a study learns from without transcripts."""

from collections.abc import Iterable

from parp_espnet.pipeline.paths import from_root
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
    speech = [(one.arm, one.settings) for one in experiments if isinstance(one.settings, Settings)]
    prepared = {settings.recipe / settings.datadir / settings.train_name for _, settings in speech}
    for arm, settings in speech:
        for name in OPTIONS:
            given = getattr(settings, name)
            if given is None:
                continue
            folder = (settings.recipe / given).resolve()
            check_recordings(
                f"{where}: arm {arm}: {name} {from_root(folder)}",
                folder,
                may_be_missing=not prepared.isdisjoint([folder, *folder.parents]),
            )
