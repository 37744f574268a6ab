"""The stage of the first mask, where it is not the trainer's own, of speech and of text.

The mask of the pre-trained weights (MPI, PARP) is the trainer's, which leaves it as
initial_mask.safetensors. Masks from elsewhere are files, and made here.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from parp_espnet.pipeline.acts import Act, First, Planned, ours
from parp_espnet.pipeline.pruning import FIRST_MASKS, Experiment
from parp_espnet.pipeline.step import Step
from parp_espnet.pruning.origin import EXPERIMENT


class Masked(Planned, Protocol):
    """An experiment whose first mask can be made."""

    @property
    def model_name(self) -> str:
        """Its finetuned weights, in the directory of any such experiment."""

    @property
    def last_of_training(self) -> int:
        """The stage after which they are there."""

    @property
    def drawn(self) -> Path:
        """The pre-trained model with weights drawn at random, where `draw_weights` leaves it."""

    @property
    def pool_model(self) -> Path:
        """A model with the pool."""

    @property
    def pool_input(self) -> Path:
        """A file that changes with the pool."""

    def draw_weights(self, label: str) -> Step:
        """Make `drawn`."""

    def with_settings(self, settings: Any) -> "Masked":
        """Another experiment of the same template."""


def mask_of(experiment: Planned) -> Path | None:
    """The mask file that an experiment begins with; None where that is the trainer's,
    or nobody's.
    """
    source = experiment.settings.mask_source
    if source in FIRST_MASKS:
        return experiment.exp / f"{source}_mask.safetensors"
    return experiment.settings.initial_mask


def weights_of(experiment: Masked) -> Path | None:
    """The finetuned weights that training begins with; None where that is the pre-trained."""
    settings = experiment.settings
    if not settings.pruning.row.from_finetuned:
        return None
    dense = experiment.with_settings(alone(settings.dense, experiment))
    return dense.exp / dense.model_name


def first_weights(experiment: Masked, label: str) -> Iterator[Act]:
    """Make these, and those of a teacher that is the same."""
    if experiment.settings.needs_dense:
        yield First(label, experiment.with_settings(alone(experiment.settings.dense, experiment)))


def first_mask(experiment: Masked, label: str) -> Iterator[Act]:
    """Make that file; nothing for a source that has none."""
    makers = {
        "random": _of_random_weights,
        "uniform": _uniform,
        "finetuned": _of_finetuned_weights,
        "iterated": _iterated,
    }
    make = makers.get(experiment.settings.mask_source)
    if make is not None:
        yield from make(experiment, label)


def _of_random_weights(experiment: Masked, label: str) -> Iterator[Act]:
    yield experiment.draw_weights(label)
    drawn = experiment.drawn
    words = ("from-upstream", "--upstream", str(drawn), *experiment.settings.ranking_options)
    yield _own_mask(experiment, label, words, drawn / "model.safetensors")


def _uniform(experiment: Masked, label: str) -> Iterator[Act]:
    settings = experiment.settings
    model = ("--model", str(experiment.pool_model))
    words = ("random", *model, "--seed", str(settings.seed), *settings.drawn_options)
    yield _own_mask(experiment, label, words, experiment.pool_input)


def _of_finetuned_weights(experiment: Masked, label: str) -> Iterator[Act]:
    dense = experiment.with_settings(alone(experiment.settings.dense, experiment))
    yield First(label, dense)
    model = dense.exp / dense.model_name
    words = ("from-model", "--model", str(model), *experiment.settings.ranking_options)
    yield _own_mask(experiment, label, words, model)


def _iterated(experiment: Masked, label: str) -> Iterator[Act]:
    """IMP: each round is finetuned from the pre-trained weights under the mask of the one before.

    What was pruned stays 0, so that each mask is part of the one before.
    """
    settings = experiment.settings.settled()
    mask: Path | None = None
    sparsity = 0.0
    for name, wanted in zip(settings.round_tags, settings.rounds, strict=True):
        own = _round(settings, name, mask, sparsity)
        finetuning = experiment.with_settings(alone(own, experiment))
        yield First(label, finetuning)
        mask, sparsity = finetuning.exp / "pruned.safetensors", float(_told(wanted))
        model = finetuning.exp / finetuning.model_name
        words = ("from-model", "--model", str(model), *settings.ranking_options)
        yield _mask(experiment, label, words, model, mask, sparsity)
    out = mask_of(experiment)
    assert mask is not None
    assert out is not None
    yield Step(
        label=label,
        command=("cp", str(mask), str(out)),
        record=experiment.exp / ".steps/iterated_mask.json",
        keep=True,
        inputs=(mask,),
        outputs=(out,),
    )


def _round[T: Experiment](settings: T, name: str, mask: Path | None, sparsity: float) -> T:
    """A short finetuning: the first one dense, others under a mask that stays."""
    own = settings.dense
    if mask is not None:
        own = replace(
            settings,
            method="transfer",
            sparsity=sparsity,
            initial_mask=mask,
            interval=None,
            first_mask=None,
            start_sparsity=None,
            sparsity_path="linear",
            growth_updates=None,
            round_updates=None,
            score_lr=None,
            alpha=None,
        )
    own = replace(own, updates=settings.round_length)
    return _named(own, name)


def alone[T: Experiment](settings: T, whose: Masked) -> T:
    """A finetuning as an experiment of its own, up to its weights."""
    until: dict[str, Any] = {"stage": 1, "stop_stage": whose.last_of_training}
    until |= {"skip_train": False, "wait": True}
    return _named(replace(settings, **until), settings.tag)


def _named[T: Experiment](settings: T, tag: str) -> T:
    option: dict[str, Any] = {settings.TAG_OPTION: tag}
    return replace(settings, **option)


def _told(sparsity: float) -> str:
    """A sparsity as commands have it, without the dust of a difference; training asks for the
    mask's to a weight.
    """
    return f"{sparsity:.10g}"


def _own_mask(experiment: Masked, label: str, words: tuple[str, ...], source: Path) -> Step:
    out = mask_of(experiment)
    assert out is not None
    sparsity = experiment.settings.first_sparsity
    return _mask(experiment, label, words, source, out, sparsity)


def _mask(
    experiment: Masked, label: str, words: tuple[str, ...], source: Path, out: Path, sparsity: float
) -> Step:
    """A mask file, by a sub-command of parp-mask; another source means another mask."""
    pool = experiment.settings.pool_options
    wanted = ("--sparsity", _told(sparsity), "--out", str(out))
    return Step(
        label=label,
        command=ours("mask", *words, *pool, *wanted),
        # They say whose it is, and change none of its bits.
        aside=("--settings", str(experiment.exp / EXPERIMENT)),
        record=out.parent / ".steps" / f"{out.stem}.json",
        keep=True,
        inputs=(source, *experiment.settings.ranking_inputs),
        outputs=(out,),
    )
