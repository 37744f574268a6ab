"""What experiments are given by their options, and which others of a study leave it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from parp_espnet.pipeline.model_options import DENSE
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pruning.methods import Source
from parp_espnet.study.experiment import Experiment

RECORDINGS = ("raw_speech", "unlabelled")
"""Options that give a folder of recordings without transcripts."""
FILES = {
    "initial_mask": "a mask",
    "teacher": "an experiment",
    "upstream": "an upstream",
    "labels_of": "a model",
    "align_with": "a model",
}
"""Options that give a file or a folder which a training has left, and what that is."""
MODELS = ("upstream", "teacher", "labels_of")
"""Those that give a model which another experiment of the study may train before."""


def given(experiment: Experiment, options: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Yield each of the options that gives a path, with that path."""
    for name in options:
        value = getattr(experiment.settings, name, None)
        # A teacher may be a word; an upstream may be a name of the hub, which begins with no dot.
        is_word = value == DENSE or (name == "upstream" and not str(value).startswith((".", "/")))
        if value is not None and not is_word:
            yield name, (experiment.settings.recipe / value).resolve()


def linked(experiments: Sequence[Experiment]) -> list[Experiment]:
    """Return a study's experiments, each of which knows now what others leave for it."""
    places = {_place(one.directory): one for one in experiments}
    with_models = [_with_models(one, places) for one in experiments]
    places = {_place(one.directory): one for one in with_models}
    made: dict[Path, Experiment] = {}
    for one in with_models:
        if one.combined is not None:
            made.setdefault(_place(one.combined.path), one)
    return [_with_masks(one, places, made) for one in with_models]


def is_masked_with(masked: Experiment, dense: Experiment) -> bool:
    """Whether the first mask of `masked` is made as soon as `dense` is complete: it ranks the
    weights of that, and has nothing else to wait for, such as a teacher.
    """
    if masked.first_mask is not Source.FINETUNED:
        return False
    if _place(_dense_of(masked)) != _place(dense.directory):
        return False
    return {*masked.needs} <= {dense.directory, *dense.needs}


def circle_of(experiments: Sequence[Experiment]) -> list[Experiment]:
    """Return experiments each of which waits for the next, and the last for the first; none where
    all can begin, one after the other.
    """
    waiting = {one.directory: one for one in experiments}
    can_begin = True
    while can_begin:
        ready = [one for one in waiting.values() if waiting.keys().isdisjoint(one.needs)]
        for one in ready:
            del waiting[one.directory]
        can_begin = bool(ready)
    if not waiting:
        return []
    # Each that is left waits for another that is: who follows comes back to where they were.
    followed = [next(iter(waiting.values()))]
    while True:
        need = next(path for path in followed[-1].needs if path in waiting)
        if waiting[need] in followed:
            return followed[followed.index(waiting[need]) :]
        followed.append(waiting[need])


def _place(path: Path) -> Path:
    """Where a path leads that is from the project's directory."""
    return (ROOT / path).resolve()


def _dense_of(experiment: Experiment) -> Path:
    return experiment.directory.parent / experiment.settings.dense.tag


def _with_models(experiment: Experiment, places: Mapping[Path, Experiment]) -> Experiment:
    models: dict[str, Path] = {}
    for name, path in given(experiment, MODELS):
        for source in _left_in(path, places):
            models[name] = source.directory
    # Such as OMP's dense model, which is an arm's.
    needs = []
    for path in experiment.finetunings:
        other = places.get(_place(path))
        if other is not None and path != experiment.directory:
            needs.append(other.directory)
    return replace(
        experiment,
        needs=tuple(dict.fromkeys([*needs, *models.values()])),
        models=tuple(dict.fromkeys(models.values())),
        start=models.get("upstream"),
    )


def _with_masks(
    experiment: Experiment, places: Mapping[Path, Experiment], made: Mapping[Path, Experiment]
) -> Experiment:
    """The experiment, which waits for those, too, whose masks it begins with.

    Args:
        made: the masks that the study makes of others, and before which experiment.
    """
    needs = []
    for mask in _masks_of(experiment):
        if mask in made:
            needs.append(made[mask].directory)
        for source in _left_in(mask, places):
            dense = places.get(_place(_dense_of(source)))
            is_early = source.is_early and mask.name == source.mask.name
            if is_early and dense is not None and is_masked_with(source, dense):
                needs.append(dense.directory)
            else:
                needs.append(source.directory)
    return replace(experiment, needs=tuple(dict.fromkeys([*needs, *experiment.needs])))


def _masks_of(experiment: Experiment) -> list[Path]:
    """The masks that an experiment begins with, as one or as several that are combined."""
    if experiment.combined is not None:
        return [_place(mask) for mask in experiment.combined.masks]
    return [path for _, path in given(experiment, ["initial_mask"])]


def _left_in(path: Path, places: Mapping[Path, Experiment]) -> list[Experiment]:
    """The experiment that leaves `path` in its directory; none where it is of no experiment."""
    return [places[directory] for directory in (path, *path.parents) if directory in places]
