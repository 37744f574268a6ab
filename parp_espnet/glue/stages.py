"""The stages of `glue.sh`, by the names that its lines have."""

from collections.abc import Iterator
from pathlib import Path

from parp_espnet.glue.experiment import TextExperiment
from parp_espnet.glue.settings import OWN, PRETRAINED, XLNET, Settings
from parp_espnet.glue.tasks import TASKS
from parp_espnet.pipeline.acts import Act, Command, ours
from parp_espnet.pipeline.paths import from_recipe
from parp_espnet.pipeline.pool_checks import check_pool, is_to_be_checked
from parp_espnet.pipeline.stages_masks import first_mask, first_weights, mask_of, weights_of
from parp_espnet.pipeline.step import Step
from parp_espnet.pruning.origin import EXPERIMENT
from parp_espnet.scoring.result import RESULT
from parp_espnet.upstreams.starts import SUMMARY

TRAIN_SET = Path("data/train.tsv")
"""The training set of any size, once."""


def make_sets(experiment: TextExperiment, label: str) -> Iterator[Act]:
    """Stage 1: the examples of the task."""
    settings = experiment.settings
    words: list[object] = ["data", "--task", settings.task]
    if settings.glue is not None:
        words += ["--glue", settings.glue]
    if settings.train_examples is not None:
        words += ["--train_examples", settings.train_examples]
    yield Step(
        label=label,
        command=ours("glue", *words),
        record=_record_of_sets(settings),
        trees=() if settings.glue is None else (settings.glue,),
        editable=experiment.sets,
        asked=experiment.sets[:1],
        # Each number has a training set of its own.
        adds=("--train_examples",),
    )


def _record_of_sets(settings: Settings) -> Path:
    """The record of the sets that are there, of whichever task: those of all tasks have the same
    names, so that those of another one are no longer there.
    """
    folder = Path("data/.steps")
    there: list[tuple[int, str]] = []
    for task in TASKS:
        file = settings.recipe / folder / f"{task}.json"
        if file.is_file():
            there.append((file.stat().st_mtime_ns, file.name))
    _, name = max(there, default=(0, f"{settings.task}.json"))
    return folder / name


def look_at_model(experiment: TextExperiment, label: str) -> Iterator[Act]:
    """Stage 2: the pre-trained model can be loaded, and its pool is whole. The small XLNet is
    pre-trained before, where it is not there.
    """
    settings, checked = experiment.settings, experiment.checked
    if settings.model == XLNET and not (OWN / PRETRAINED).is_file():
        script = from_recipe(settings.recipe, OWN.parent / "run.sh")
        yield Command(f"{label} pre-training", (script,))
    words = ("--task", settings.task, "--model", settings.model, "--out", checked)
    yield Step(
        label=label,
        command=ours("glue", "check", *words),
        aside=tuple(settings.pool_options),
        record=experiment.models / ".steps" / f"{settings.model_name}.json",
        inputs=experiment.weights,
        outputs=(checked,),
    )
    # Training looks at the pool itself, if nothing is finetuned before.
    if settings.finetuning_runs > 1 and is_to_be_checked(experiment):
        yield experiment.draw_weights(label)
        yield from check_pool(experiment, label)


def make_first_mask(experiment: TextExperiment, label: str) -> Iterator[Act]:
    """Stage 3: the mask to begin with, where it is not the trainer's own."""
    if experiment.settings.mask_source == "uniform":
        # A uniform draw needs the pool of any weights.
        yield experiment.draw_weights(label)
    yield from first_mask(experiment, label)


def train(experiment: TextExperiment, label: str) -> Iterator[Act]:
    """Stage 4: the model is finetuned, and pruned while it is."""
    settings, exp = experiment.settings, experiment.exp
    mask, weights = mask_of(experiment), weights_of(experiment)
    if settings.mask_source != "finetuned":  # which has made them
        yield from first_weights(experiment, label)
    masks = (f"{settings.mask_source}_mask.safetensors", "pruned.safetensors")
    model = Path(experiment.model_name).parent
    described = (model / "config.json", model / "tokenizer_config.json")
    left = (Path("mask.safetensors"), Path(SUMMARY), *described)
    begins = () if weights is None else ("--initial_weights", weights)
    words = ("--exp", exp, "--initial_mask", mask or "", *begins, *settings.trained_by)
    yield Step(
        label=label,
        command=ours("glue", "train", *words),
        record=exp / ".steps/train.json",
        keep=True,
        afresh=True,
        inputs=(
            *experiment.sets[:2],
            *experiment.weights,
            *filter(None, (mask, weights)),
            *settings.ranking_inputs,
        ),
        renamed=((experiment.sets[0], TRAIN_SET),),
        spared=(EXPERIMENT, *masks),
        outputs=(experiment.model, *(exp / name for name in left)),
        runner=experiment.queues.for_training(settings.ngpu),
        log=exp / "log/train.log",
        progress=(exp / "progress.json",),
    )


def score(experiment: TextExperiment, label: str) -> Iterator[Act]:
    """Stage 5: what it is worth, on the sets that are reported on."""
    exp = experiment.exp
    yield Step(
        label=label,
        command=ours("glue", "score", "--exp", exp),
        record=exp / ".steps/score.json",
        inputs=(*experiment.sets[2:], experiment.model, exp / SUMMARY),
        outputs=(exp / RESULT, exp / "predictions.tsv"),
        runner=experiment.queues.for_decoding(),
        log=exp / "log/score.log",
    )


def report(experiment: TextExperiment, label: str) -> Iterator[Act]:
    """Stage 6: the result, and a table of all that are there."""
    words = ("--expdir", experiment.settings.expdir, "--exp", experiment.exp)
    yield Command(label, ours("glue", "report", *words))


TEXT = {
    "data": make_sets,
    "model": look_at_model,
    "first mask": make_first_mask,
    "train": train,
    "score": score,
    "results": report,
}
