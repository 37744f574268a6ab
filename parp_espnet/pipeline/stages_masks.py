"""The stage of the first mask, where it is not the trainer's own.

The mask of the pre-trained weights (MPI, PARP) is the trainer's, which leaves it as
initial_mask.safetensors. Masks from elsewhere are files, and made here.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from parp_espnet.pipeline.experiment import Act, First, SpeechExperiment, ours
from parp_espnet.pipeline.settings import MODEL, Settings
from parp_espnet.pipeline.step import Step

TRAINED = 9
"""The stage after which the weights of a finetuning are there."""


def first_mask(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Make the mask file that the experiment begins with; nothing for a source that has none."""
    makers = {
        "random": _of_random_weights,
        "uniform": _uniform,
        "finetuned": _of_finetuned_weights,
        "iterated": _iterated,
    }
    make = makers.get(experiment.settings.mask_source)
    if make is not None:
        yield from make(experiment, label)


def _of_random_weights(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    settings = experiment.settings
    drawn = experiment.upstreams / f"{settings.upstream_name}-drawn{settings.seed}"
    names = ("model.safetensors", "frontend.json", "config.json", "preprocessor_config.json")
    yield Step(
        label=label,
        command=ours(
            *("preflight", "--upstream", settings.upstream, "--out", drawn),
            *("--random_seed", settings.seed),
        ),
        record=experiment.upstreams / ".steps" / f"{drawn.name}.json",
        inputs=experiment.upstream_weights,
        outputs=tuple(drawn / name for name in names),
    )
    words = ("from-upstream", "--upstream", str(drawn), "--scope", settings.scope)
    yield _mask(experiment, label, words, drawn / "model.safetensors")


def _uniform(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    settings = experiment.settings
    model = experiment.upstream
    if (settings.recipe / settings.upstream).is_file():
        model = Path(settings.upstream)
    words = ("random", "--model", str(model), "--seed", str(settings.seed))
    scope = ("--scope", settings.drawn_scope)
    yield _mask(experiment, label, (*words, *scope), experiment.upstream_pool)


def _of_finetuned_weights(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    settings = experiment.settings
    dense = settings.dense
    yield First(label, _alone(dense))
    model = Path(settings.expdir) / dense.tag / MODEL
    words = ("from-model", "--model", str(model), "--scope", settings.scope)
    yield _mask(experiment, label, words, model)


def _iterated(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """IMP: each round is finetuned from the pre-trained weights under the mask of the one before.

    What was pruned stays 0, so that each mask is part of the one before.
    """
    settings = experiment.settings
    mask, sparsity = None, 0.0
    for name, wanted in zip(settings.round_tags, settings.rounds, strict=True):
        yield First(label, _round(settings, name, mask, sparsity))
        directory = Path(settings.expdir) / name
        mask, sparsity = directory / "pruned.safetensors", wanted
        model = directory / MODEL
        words = ("from-model", "--model", str(model), "--scope", settings.scope)
        yield _mask(experiment, label, words, model, mask, wanted)
    assert mask is not None
    assert experiment.mask is not None
    yield Step(
        label=label,
        command=("cp", str(mask), str(experiment.mask)),
        record=experiment.exp / ".steps/iterated_mask.json",
        keep=True,
        inputs=(mask,),
        outputs=(experiment.mask,),
    )


def _round(settings: Settings, name: str, mask: Path | None, sparsity: float) -> Settings:
    """A short finetuning: the first one dense, others under a mask that stays."""
    if mask is None:
        own = settings.dense
    else:
        own = replace(
            settings,
            method="transfer",
            sparsity=sparsity,
            initial_mask=mask,
            interval=None,
            first_mask=None,
            start_sparsity=None,
            sparsity_path="linear",
            round_updates=None,
        )
    return _alone(replace(own, updates=settings.round_length, phn_tag=name))


def _alone(settings: Settings) -> Settings:
    """A finetuning as an experiment of its own, up to its weights."""
    return replace(
        settings,
        phn_tag=settings.tag,
        stage=1,
        stop_stage=TRAINED,
        skip_train=False,
        wait=True,
    )


def _mask(
    experiment: SpeechExperiment,
    label: str,
    words: tuple[str, ...],
    source: Path,
    out: Path | None = None,
    sparsity: float | None = None,
) -> Step:
    """A mask file, by a sub-command of parp-mask; another source means another mask."""
    settings = experiment.settings
    out = out or experiment.mask
    assert out is not None
    if sparsity is None:
        sparsity = settings.pruning.schedule.sparsity_at(0)
    wanted = ("--sparsity", f"{sparsity:g}", "--out", str(out))
    return Step(
        label=label,
        command=ours("mask", *words, *settings.pool_options, *wanted),
        # They say whose it is, and change none of its bits.
        aside=("--settings", str(experiment.exp / "settings.json")),
        record=out.parent / ".steps" / f"{out.stem}.json",
        keep=True,
        inputs=(source,),
        outputs=(out,),
    )
