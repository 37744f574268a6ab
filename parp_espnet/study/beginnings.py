"""Whether all is there that a study's experiments begin with and the study does not make itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.model_options import DENSE
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.score_checks import check_recordings
from parp_espnet.pipeline.settings import Settings
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.plan import Study

RECORDINGS = ("raw_speech", "unlabelled")
"""Options that give a folder of recordings without transcripts."""
MODELS = {
    "initial_mask": "a mask",
    "teacher": "an experiment",
    "upstream": "an upstream",
    "labels_of": "a model",
    "align_with": "a model",
}
"""Options that give a file or a folder which a training has left, and what that is."""


def check_beginnings(study: Study, left: Iterable[Experiment], where: object) -> None:
    """Raise `UserError` where an experiment begins with a mask, a model or recordings that are not
    there, or with a folder that has no recording that can be read.

    A study can be read without them, for its plan and its results. What the study itself makes, the
    training sets of its languages and what its experiments leave, may be there by then.

    Args:
        left: the experiments that are to run.
        where: what the error begins with.
    """
    made = _made_by(study)
    for one in left:
        said = f"{where}: arm {one.arm}"
        _check_models(said, one, made)
        _check_recordings(said, one, made)


def _made_by(study: Study) -> set[Path]:
    """Folders and files that the study makes."""
    made: list[Path] = []
    for one in study.experiments:
        made += one.finetunings
        if one.combined is not None:
            made.append(one.combined.path)
        if isinstance(one.settings, Settings):
            made.append(one.recipe / one.settings.datadir / one.settings.train_name)
    return {(ROOT / path).resolve() for path in made}


def _is_made(path: Path, made: set[Path]) -> bool:
    return not made.isdisjoint([path, *path.parents])


def _check_models(said: str, experiment: Experiment, made: set[Path]) -> None:
    for name, path in _given(experiment, MODELS):
        if not path.exists() and not _is_made(path, made):
            raise UserError(
                f"{said}: {name} {from_root(path)}: expected {MODELS[name]}, found no such file or "
                f"directory"
            )


def _check_recordings(said: str, experiment: Experiment, made: set[Path]) -> None:
    for name, folder in _given(experiment, RECORDINGS):
        check_recordings(
            f"{said}: {name} {from_root(folder)}",
            folder,
            may_be_missing=_is_made(folder, made),
        )


def _given(experiment: Experiment, options: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Each option that gives a path, with that path."""
    for name in options:
        given = getattr(experiment.settings, name, None)
        # A teacher may be a word; an upstream may be a name of the hub, which begins with no dot.
        is_word = given == DENSE or (name == "upstream" and not str(given).startswith((".", "/")))
        if given is not None and not is_word:
            yield name, (experiment.settings.recipe / given).resolve()
