"""What experiments are given by their options, and which others of a study leave it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from parp_espnet.pipeline.model_options import DENSE
from parp_espnet.pipeline.paths import ROOT
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
    places = {(ROOT / one.directory).resolve(): one for one in experiments}
    return [_linked(one, places) for one in experiments]


def _linked(experiment: Experiment, places: Mapping[Path, Experiment]) -> Experiment:
    models: dict[str, Path] = {}
    for name, path in given(experiment, MODELS):
        for source in _left_in(path, places):
            models[name] = source.directory
    # Such as OMP's dense model, which is an arm's.
    needs = [path for path in experiment.finetunings if (ROOT / path).resolve() in places]
    needs.remove(experiment.directory)
    for mask in _masks_of(experiment):
        for source in _left_in(mask, places):
            dense = source.directory.parent / source.settings.dense.tag
            is_ready_by_then = source.is_early and mask.name == source.mask.name
            if is_ready_by_then and (ROOT / dense).resolve() in places:
                needs.append(dense)
            else:
                needs.append(source.directory)
    return replace(
        experiment,
        needs=tuple(dict.fromkeys([*needs, *models.values()])),
        models=tuple(dict.fromkeys(models.values())),
        start=models.get("upstream"),
    )


def _masks_of(experiment: Experiment) -> list[Path]:
    """The masks that an experiment begins with, as one or as several that are combined."""
    if experiment.combined is not None:
        return [(ROOT / mask).resolve() for mask in experiment.combined.masks]
    return [path for _, path in given(experiment, ["initial_mask"])]


def _left_in(path: Path, places: Mapping[Path, Experiment]) -> list[Experiment]:
    """The experiment that leaves `path` in its directory; none where it is of no experiment."""
    return [places[directory] for directory in (path, *path.parents) if directory in places]
