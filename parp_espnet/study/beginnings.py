"""Whether all is there that a study's experiments begin with and the study does not make itself."""

from collections.abc import Iterable
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.score_checks import check_recordings
from parp_espnet.pipeline.settings import Settings
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.given import FILES, RECORDINGS, given
from parp_espnet.study.plan import Study

BEFORE_ALL = ("align_with",)
"""Options whose models data are made with, before any experiment trains."""


def check_beginnings(study: Study, left: Iterable[Experiment], where: object) -> None:
    """Raise `UserError` where an experiment begins with a mask, a model or recordings that are not
    there, or with a folder that has no recording that can be read.

    A study can be read without them, for its plan and its results. What the study itself makes, the
    training sets of its languages and what its experiments leave, may be there by then. What an
    experiment makes beside, such as the dense model of OMP, may be not: nothing waits for it.

    Args:
        left: the experiments that are to run.
        where: what the error begins with.
    """
    made = _made_by(study)
    for one in left:
        said = f"{where}: arm {one.arm}"
        _check_files(said, one, made)
        _check_recordings(said, one, made)


def _made_by(study: Study) -> set[Path]:
    """Folders and files that the study makes."""
    made: list[Path] = []
    for one in study.experiments:
        made.append(one.directory)
        if one.combined is not None:
            made.append(one.combined.path)
        if isinstance(one.settings, Settings):
            made.append(one.recipe / one.settings.datadir / one.settings.train_name)
    return {(ROOT / path).resolve() for path in made}


def _is_made(path: Path, made: set[Path]) -> bool:
    return not made.isdisjoint([path, *path.parents])


def _check_files(said: str, experiment: Experiment, made: set[Path]) -> None:
    for name, path in given(experiment, FILES):
        if path.exists():
            continue
        is_made = _is_made(path, made)
        if is_made and name in BEFORE_ALL:
            raise UserError(
                f"{said}: {name} {from_root(path)}: expected a model that is there before the "
                f"study's data are made, found an experiment of the study itself; train it in "
                f"another one before"
            )
        if not is_made:
            raise UserError(
                f"{said}: {name} {from_root(path)}: expected {FILES[name]}, found no such file or "
                f"directory"
            )


def _check_recordings(said: str, experiment: Experiment, made: set[Path]) -> None:
    for name, folder in given(experiment, RECORDINGS):
        check_recordings(
            f"{said}: {name} {from_root(folder)}",
            folder,
            may_be_missing=_is_made(folder, made),
        )
