"""Gather a study's evidence from what its experiments left."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

from torch import Tensor

from parp_espnet.files import regular
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.anatomy import by_kind, by_layer, groups, iou_by, sparsity_by
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm, arm_of
from parp_espnet.study.collect import Done
from parp_espnet.study.comparing import comparisons, errors_of
from parp_espnet.study.evidence import (
    Adjusting,
    Anatomy,
    Confused,
    Cost,
    Evidence,
    Training,
)
from parp_espnet.study.experiment import FINAL_MASK, FIRST_MASK
from parp_espnet.study.lengths import Lengths
from parp_espnet.study.moved import moved_in
from parp_espnet.study.names import decoding_of, method_of, upstream_names
from parp_espnet.study.overlapping import has_comparable_mask, learned_overlaps, overlaps
from parp_espnet.study.variants import Differences

MOST_CONFUSED = 12


def gather(done: Sequence[Done]) -> Evidence:
    """Read curves, masks, logs and scores of complete experiments, where they are; files that are
    not are named.
    """
    missing: list[str] = []
    apart = Differences.of([run.result for run in done])

    def each[T](read: Callable[[Done, Differences], T], some: Sequence[Done]) -> Iterator[T]:
        for run in some:
            try:
                yield read(run, apart)
            except FileNotFoundError as error:
                missing.append(str(error.filename))

    seed = min(run.result.seed for run in done)
    wholes: list[Done] = []
    first_seed: list[Done] = []
    moving: list[Done] = []
    dense: list[Done] = []
    for run in done:
        if not run.whole:
            continue
        wholes.append(run)
        if run.result.sparsity_target > 0 and run.result.seed == seed:
            first_seed.append(run)
            if run.result.interval is not None:
                moving.append(run)
        if arm_of(run.result).is_dense and run.result.scores is None:
            dense.append(run)
    models = _dense_models(dense, apart)
    needed = list(map(errors_of, done))
    for run in filter(has_comparable_mask, first_seed):
        needed.append(run.folder / run.experiment.mask.name)
    for file in needed:
        if not file.is_file():
            missing.append(str(file))
    return Evidence(
        costs=_costs(wholes, apart),
        trainings=[curve for curve in each(_training, wholes) if curve.updates],
        overlaps=[*overlaps(first_seed, apart), *learned_overlaps(first_seed, apart)],
        anatomies=list(each(_with_upstream(_anatomy, wholes), first_seed)),
        adjustings=list(each(_with_upstream(_adjusting, wholes), moving)),
        comparisons=list(comparisons(done)),
        confusions=list(chain.from_iterable(each(_confusions_of(models), list(models.values())))),
        missing=sorted(set(missing)),
    )


def _with_upstream[Run: (Adjusting, Anatomy)](
    read: Callable[[Done, Differences], Run], done: Sequence[Done]
) -> Callable[[Done, Differences], Run]:
    """The same, which also tells the upstream where there are several."""
    upstreams = upstream_names(run.result.upstream for run in done)

    def read_with_upstream(run: Done, apart: Differences) -> Run:
        made = read(run, apart)
        if len(upstreams) == 1:
            return made
        words = filter(None, (made.conditions, upstreams[run.result.upstream]))
        return replace(made, conditions=", ".join(words))

    return read_with_upstream


def _costs(done: Sequence[Done], apart: Differences) -> list[Cost]:
    """What each experiment costs; where there are several upstreams or decodings, its name tells
    which it has.
    """
    results = [run.result for run in done]
    upstreams = {result.upstream for result in results}
    several_decodings = len(set(map(decoding_of, results))) > 1
    costs = []
    for run in done:
        cost = _cost(run, apart)
        words = [cost.conditions]
        if len(upstreams) > 1:
            words.append(run.result.upstream)
        if several_decodings:
            words.append(decoding_of(run.result))
        costs.append(replace(cost, conditions=", ".join(filter(None, words))))
    return costs


def _cost(run: Done, apart: Differences) -> Cost:
    result = run.result
    updates = sum(run.experiment.finetunings.values())
    seconds = result.train_seconds
    if seconds is not None and result.updates:
        pace = seconds / result.updates
        seconds = pace * updates
    return Cost(
        result.language or "", method_of(result), result.sparsity_target, result.seed,
        result.freeze_updates,
        result.error_rate, updates, result.finetuning_runs,
        seconds,
        *_called(result, apart),
    )  # fmt: skip


def _training(run: Done, apart: Differences) -> Training:
    # Imported here: it takes seconds.
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    result = run.result
    curves: dict[str, dict[int, float]] = {"cer_ctc": {}, "loss": {}}
    for file in sorted(run.folder.glob("tensorboard/valid/events.*")):
        events = EventAccumulator(str(file)).Reload()
        for name in curves.keys() & set(events.Tags()["scalars"]):
            # A resumed run repeats nothing, but may begin another file.
            for event in events.Scalars(name):
                curves[name][event.step] = event.value
    epochs = sorted(curves["cer_ctc"].keys() & curves["loss"].keys())
    each = result.updates / max(epochs, default=1)
    updates, error_rates, losses = [], [], []
    for epoch in epochs:
        updates.append(round(each * epoch))
        error_rates.append(curves["cer_ctc"][epoch])
        losses.append(curves["loss"][epoch])
    return Training(
        result.language or "", method_of(result), result.sparsity_target, result.seed,
        updates, error_rates, losses,
        result.freeze_updates, result.upstream, *_called(result, apart),
    )  # fmt: skip


def _called(result: Result, apart: Differences) -> tuple[Arm, str]:
    """What an experiment is, and what else differs in the study."""
    return arm_of(result, apart.pruning(result)), apart.others(result)


def _anatomy(run: Done, apart: Differences) -> Anatomy:
    result = run.result
    kept = Mask.load(_existing(run.folder / FINAL_MASK)).kept
    table = {}
    for layer, part in groups(kept, by_layer).items():
        table[layer] = sparsity_by(part, by_kind)
    return Anatomy(
        result.language or "",
        method_of(result),
        result.sparsity_target,
        table,
        *_called(result, apart),
        _overlap_with_first(run, kept),
    )


def _overlap_with_first(run: Done, kept: Mapping[str, Tensor]) -> dict[str, dict[str, float]]:
    """IOU of the final mask with the first, by layer and kind, where that is there and has moved.

    It is not among records that were packed until version 0.2.
    """
    file = run.folder / FIRST_MASK
    if run.result.interval is None or not file.is_file():
        return {}
    first = Mask.load(file).kept
    if _shapes(first) != _shapes(kept):
        return {}
    overlap = {}
    for layer, part in groups(kept, by_layer).items():
        overlap[layer] = iou_by(part, {name: first[name] for name in part}, by_kind)
    return overlap


def _shapes(kept: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in kept.items()}


def _adjusting(run: Done, apart: Differences) -> Adjusting:
    result = run.result
    file = run.folder / "pruning.jsonl"
    steps, flips, ious = [], [], []
    with _as_lost(file):
        events = []
        for line in regular(file).read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            steps.append(int(event["step"]))
            flips.append(int(event["flips"] or 0))
            ious.append(float(event["iou_first"]))
            events.append(event)
        ends, layers, kinds = moved_in(events, run.folder / FINAL_MASK, result.updates)
    return Adjusting(
        result.language or "", method_of(result), result.sparsity_target, result.interval or 0,
        result.seed,
        steps, flips, ious, *_called(result, apart), ends, layers, kinds,
    )  # fmt: skip


type Model = tuple[str, str]
"""A language, and which of its dense models."""


def _dense_models(dense: Sequence[Done], apart: Differences) -> dict[Model, Done]:
    """The first seed of every dense model of a language, by all else that tells it from others."""
    results = [run.result for run in dense]
    upstreams = upstream_names(result.upstream for result in results)
    frozen = {result.freeze_updates for result in results}
    lengths = Lengths.of(results)
    models: dict[Model, Done] = {}
    for run in dense:
        result = run.result
        words = [method_of(result), apart.others(result), lengths.word(result)]
        if len(upstreams) > 1:
            words.append(upstreams[result.upstream])
        if len(frozen) > 1:
            words.append(f"{result.freeze_updates} frozen updates")
        if len(set(map(decoding_of, results))) > 1:
            words.append(decoding_of(result))
        models.setdefault((result.language or "", ", ".join(filter(None, words))), run)
    return models


def _confusions_of(
    models: Mapping[Model, Done],
) -> Callable[[Done, Differences], list[Confused]]:
    """What reads the errors of one of several dense models."""
    names = {run.folder: model for (_, model), run in models.items()}

    def read(run: Done, apart: Differences) -> list[Confused]:
        return [replace(error, model=names[run.folder]) for error in _confusions(run)]

    return read


def _confusions(run: Done) -> list[Confused]:
    result = run.result
    assert isinstance(run.experiment.settings, Settings)
    file = (
        run.folder
        / Decoding(run.experiment.settings).name
        / result.dataset
        / "score/confusions.tsv"
    )
    language = result.language or ""
    confused = []
    with _as_lost(file):
        _, *lines = regular(file).read_text(encoding="utf-8").splitlines()
        for line in lines[:MOST_CONFUSED]:
            said, heard, count, whole = line.split("\t")
            confused.append(Confused(language, said, heard, int(count), int(whole)))
    return confused


@contextmanager
def _as_lost(file: Path) -> Iterator[None]:
    """Let a file that is damaged be named as one that is not there."""
    try:
        yield
    except (ValueError, KeyError, TypeError):
        raise FileNotFoundError(2, "damaged", str(file)) from None


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    return path
