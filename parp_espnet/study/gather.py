"""Gather a study's evidence from what its experiments left."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import combinations, compress
from pathlib import Path

from parp_espnet.files import regular
from parp_espnet.glue.score import PREDICTIONS
from parp_espnet.glue.score import compare as compare_predictions
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.anatomy import by_kind, by_layer, groups, iou_by, sparsity_by
from parp_espnet.pruning.masks import Mask, iou
from parp_espnet.pruning.methods import Source
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import compare, read_utterances
from parp_espnet.study.arms import JOINT, Arm, arm_of, is_joint
from parp_espnet.study.collect import Done
from parp_espnet.study.evidence import (
    Adjusting,
    Anatomy,
    Comparison,
    Confused,
    Cost,
    Evidence,
    Overlap,
    Training,
)
from parp_espnet.study.names import conditions, decoding_of, method_of, whose
from parp_espnet.study.plan import FINAL_MASK
from parp_espnet.study.variants import Differences, ranking_options, same_data

MOST_CONFUSED = 12


def gather(done: Sequence[Done]) -> Evidence:
    """Read curves, masks, logs and scores of complete experiments, where they are; files that are
    not are named.
    """
    missing: list[str] = []
    apart = Differences.of([one.result for one in done])

    def each[T](read: Callable[[Done, Differences], T], some: Sequence[Done]) -> Iterator[T]:
        for one in some:
            try:
                yield read(one, apart)
            except FileNotFoundError as error:
                missing.append(str(error.filename))

    wholes = [one for one in done if one.whole]
    seed = min(one.result.seed for one in done)
    first_seed = [
        one for one in wholes if one.result.sparsity_target > 0 and one.result.seed == seed
    ]
    moving = [one for one in first_seed if one.result.interval is not None]
    dense = [one for one in wholes if not arm_of(one.result).prunes and one.result.scores is None]
    missing += [str(_errors_of(one)) for one in done if not _errors_of(one).is_file()]
    of_overlap = [one.folder / one.experiment.mask.name for one in first_seed if _overlaps(one)]
    missing += [str(file) for file in of_overlap if not file.is_file()]
    return Evidence(
        costs=_costs(wholes, apart),
        trainings=[one for one in each(_training, wholes) if one.updates],
        overlaps=list(overlaps(first_seed, apart)),
        anatomies=list(each(_anatomy, first_seed)),
        adjustings=list(each(_adjusting, moving)),
        comparisons=list(comparisons(done)),
        confusions=[pair for found in each(_confusions, dense) for pair in found],
        missing=sorted(set(missing)),
    )


def _costs(done: Sequence[Done], apart: Differences) -> list[Cost]:
    """What each experiment costs; where there are several upstreams or decodings, its name tells
    which it has.
    """
    results = [one.result for one in done]
    several = [part for part in (_upstream, decoding_of) if len(set(map(part, results))) > 1]
    found = []
    for one in done:
        cost = _cost(one, apart)
        words = [cost.conditions, *(part(one.result) for part in several)]
        found.append(replace(cost, conditions=", ".join(word for word in words if word)))
    return found


def _upstream(result: Result) -> str:
    return result.upstream


def _cost(one: Done, apart: Differences) -> Cost:
    result = one.result
    updates = sum(one.experiment.finetunings.values())
    pace = None if result.train_seconds is None else result.train_seconds / result.updates
    return Cost(
        result.language or "", method_of(result), result.sparsity_target, result.seed,
        result.freeze_updates,
        result.error_rate, updates, result.finetuning_runs,
        None if pace is None else pace * updates,
        *_called(result, apart),
    )  # fmt: skip


def _training(one: Done, apart: Differences) -> Training:
    # Imported here: it takes seconds.
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    result = one.result
    curves: dict[str, dict[int, float]] = {"cer_ctc": {}, "loss": {}}
    for file in sorted(one.folder.glob("tensorboard/valid/events.*")):
        events = EventAccumulator(str(file)).Reload()
        for name in curves.keys() & set(events.Tags()["scalars"]):
            # A resumed run repeats nothing, but may begin another file.
            curves[name] |= {event.step: event.value for event in events.Scalars(name)}
    epochs = sorted(curves["cer_ctc"].keys() & curves["loss"].keys())
    each = result.updates / max(epochs, default=1)
    return Training(
        result.language or "", method_of(result), result.sparsity_target, result.seed,
        [round(each * epoch) for epoch in epochs],
        [curves["cer_ctc"][epoch] for epoch in epochs], [curves["loss"][epoch] for epoch in epochs],
        result.freeze_updates, result.upstream, *_called(result, apart),
    )  # fmt: skip


def _called(result: Result, apart: Differences) -> tuple[Arm, str]:
    """What an experiment is, and what else differs in the study."""
    return arm_of(result, apart.pruning(result)), apart.others(result)


def overlaps(done: Sequence[Done], apart: Differences) -> Iterator[Overlap]:
    """Overlap of the OMP masks of all languages and of a joint run, and of each with MPI.

    They are of one upstream, sparsity and schedule of freezing; languages are in the study's order.
    """
    settings = [
        (
            one.result.upstream,
            one.result.sparsity_target,
            one.result.freeze_updates,
            apart.all(one.result),
        )
        for one in done
    ]
    of_omp = [_is_of_omp(one.result) for one in done]
    for upstream, sparsity, frozen, more in dict.fromkeys(compress(settings, of_omp)):
        masks: dict[str, Mask] = {}
        nobodys: set[str] = set()
        for one in compress(
            done, [setting == (upstream, sparsity, frozen, more) for setting in settings]
        ):
            if _overlaps(one) and (file := one.folder / one.experiment.mask.name).is_file():
                name = one.result.method if _is_nobodys(one.result) else whose(one.result)
                masks.setdefault(name, Mask.load(file))
                nobodys |= {name} if _is_nobodys(one.result) else set()
        # Any MPI mask will do: it depends on the upstream alone.
        for left, right in combinations(
            sorted(masks, key=lambda name: (name in nobodys, name == JOINT)), 2
        ):
            a, b = masks[left].kept, masks[right].kept
            if masks[left].fingerprint == masks[right].fingerprint:
                yield Overlap(
                    sparsity, upstream, frozen, left, right, iou(a, b), iou_by(a, b, by_layer), more
                )


def _overlaps(one: Done) -> bool:
    """Whether its first mask is an OMP mask of its own language or languages, or MPI's."""
    arm = arm_of(one.result)
    ranked = _is_of_omp(one.result) or _is_nobodys(one.result)
    return ranked and not arm.first and not arm.given


def _is_of_omp(result: Result) -> bool:
    """Whether its mask is OMP's, which stays."""
    row = arm_of(result).row
    return row.first_mask is Source.FINETUNED and not row.adjusts


def _is_nobodys(result: Result) -> bool:
    """Whether its mask, which stays, is ranked by the upstream alone."""
    row = arm_of(result).row
    return row.first_mask is Source.PRETRAINED and not row.adjusts


def _anatomy(one: Done, apart: Differences) -> Anatomy:
    result = one.result
    kept = Mask.load(_existing(one.folder / FINAL_MASK)).kept
    table = {layer: sparsity_by(part, by_kind) for layer, part in groups(kept, by_layer).items()}
    return Anatomy(
        result.language or "",
        method_of(result),
        result.sparsity_target,
        table,
        *_called(result, apart),
    )


def _adjusting(one: Done, apart: Differences) -> Adjusting:
    result = one.result
    file = one.folder / "pruning.jsonl"
    with _as_lost(file):
        lines = regular(file).read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        steps = [int(event["step"]) for event in events]
        flips = [int(event["flips"] or 0) for event in events]
        ious = [float(event["iou_first"]) for event in events]
    return Adjusting(
        result.language or "", method_of(result), result.sparsity_target, result.interval or 0,
        result.seed,
        steps, flips, ious, *_called(result, apart),
    )  # fmt: skip


def comparisons(done: Sequence[Done]) -> Iterator[Comparison]:
    """Every method against the references among them, paired, where both were scored on the same
    utterances or examples.

    A mask from elsewhere that adjusts is compared with the same mask where it stays, too, and what
    differs in the upstream alone with the study's first upstream. Results that were decoded
    otherwise are not compared, nor one without a file of its errors, which `Evidence.missing`
    names.
    """
    read = cache(read_utterances)
    apart = Differences.of([one.result for one in done])
    for one, other, arms in _pairs(done, apart):
        files = [_errors_of(one), _errors_of(other)]
        if not all(file.is_file() for file in files):
            continue
        result = one.result
        if result.scores is None:
            paired = compare(read(files[0]), read(files[1]))
        else:
            paired = compare_predictions(files[0], files[1], result.metric)
        yield Comparison(
            result.language or "", result.sparsity_target, result.seed, result.freeze_updates,
            arms[0].label, arms[1].label, paired.difference, paired.difference_interval,
            paired.ratio, paired.ratio_interval, paired.p, decoding_of(result), *arms,
            apart.others(result),
        )  # fmt: skip


def _pairs(
    done: Sequence[Done], apart: Differences
) -> Iterator[tuple[Done, Done, tuple[Arm, Arm]]]:
    """What is compared, and what the two are."""
    references: dict[tuple[object, ...], list[Done]] = {}
    for one in done:
        arm = arm_of(one.result)
        if (arm.own and arm.row.reference) or arm.row.given:
            references.setdefault(conditions(one.result), []).append(one)
    firsts: dict[tuple[object, ...], Done] = {}
    for one in done:
        arm = arm_of(one.result, apart.pruning(one.result))
        for other in references.get(conditions(one.result), ()):
            if _comparable(one.result, other.result):
                yield one, other, (arm, arm_of(other.result, apart.pruning(other.result)))
        alike = (
            *conditions(one.result, but="upstream"),
            arm,
            one.result.sparsity_target,
            one.result.updates,
        )
        first = firsts.setdefault(alike, one)
        if first.result.upstream != one.result.upstream:
            yield one, first, (_on(arm, one.result.upstream), _on(arm, first.result.upstream))


def _on(arm: Arm, upstream: str) -> Arm:
    """An arm on an upstream, which its name then tells."""
    return replace(arm, variant=", ".join(part for part in (arm.variant, upstream) if part))


def _errors_of(one: Done) -> Path:
    """The errors of each utterance, or what was predicted of each example."""
    return one.folder / ("utterances.tsv" if one.result.scores is None else PREDICTIONS)


def _comparable(result: Result, reference: Result) -> bool:
    """Whether a result is compared with a reference of the same conditions."""
    arm, other = arm_of(result), arm_of(reference)
    if other.row.given and (arm.row.given or arm.given != other.given):
        return False
    # One run for several languages takes more updates than one for a single language.
    same_length = is_joint(result) or result.updates == reference.updates
    same_sparsity = not other.prunes or arm.sparsity == other.sparsity
    if not is_joint(result) and not same_data(result, reference):
        return False
    # What is pruned, and how it is ranked, is no part of a method; who prunes nothing has neither.
    if reference.sparsity_target and ranking_options(result) != ranking_options(reference):
        return False
    return arm.name != other.name and arm.prunes and same_length and same_sparsity


def _confusions(one: Done, apart: Differences) -> list[Confused]:
    result = one.result
    assert isinstance(one.experiment.settings, Settings)
    file = (
        one.folder
        / Decoding(one.experiment.settings).name
        / result.dataset
        / "score/confusions.tsv"
    )
    language = result.language or ""
    with _as_lost(file):
        _, *lines = regular(file).read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines[:MOST_CONFUSED]]
        return [
            Confused(language, said, heard, int(count), int(whole))
            for said, heard, count, whole in rows
        ]


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
