"""Results beside those that they are compared with, paired by utterances or examples."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from parp_espnet.glue.score import PREDICTIONS
from parp_espnet.glue.score import compare as compare_predictions
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import compare, read_utterances
from parp_espnet.study.arms import Arm, arm_of, is_joint
from parp_espnet.study.collect import Done
from parp_espnet.study.comparable import (
    PRUNING,
    chosen_by_method,
    options_beside,
    ranking_options,
    same_data,
    same_references,
)
from parp_espnet.study.evidence import (
    Comparison,
)
from parp_espnet.study.lengths import Lengths
from parp_espnet.study.names import conditions, decoding_of
from parp_espnet.study.variants import Differences

SCORING = ("score", "raw_speech")
"""Options that say by what weights are ranked."""


def comparisons(done: Sequence[Done]) -> Iterator[Comparison]:
    """Every method against the references among them, paired, where both were scored on the same
    utterances or examples.

    Methods whose masks move by other rules than PARP's are compared with PARP-P, too, and another
    score with magnitudes. A mask from elsewhere that adjusts is compared with the same mask where
    it stays, too, and what differs in the upstream alone with the study's first upstream. Results
    that were decoded otherwise are not compared, nor those of other learning rates, unless each
    method has its own, nor one without a file of its errors, which
    `Evidence.missing` names.
    """
    read = cache(read_utterances)
    apart = Differences.of([run.result for run in done])
    lengths = Lengths.of([run.result for run in done])
    for run, reference, arms in _pairs(done, apart):
        errors, reference_errors = errors_of(run), errors_of(reference)
        if not errors.is_file() or not reference_errors.is_file():
            continue
        result = run.result
        if result.scores is None:
            paired = compare(read(errors), read(reference_errors))
        else:
            paired = compare_predictions(errors, reference_errors, result.metric)
        yield Comparison(
            result.language or "", result.sparsity_target, result.seed, result.freeze_updates,
            arms[0].label, arms[1].label, paired.difference, paired.difference_interval,
            paired.ratio, paired.ratio_interval, paired.p, decoding_of(result), *arms,
            lengths.beside(apart.others(result), result), result.upstream, result.train_minutes,
        )  # fmt: skip


def _pairs(
    done: Sequence[Done], apart: Differences
) -> Iterator[tuple[Done, Done, tuple[Arm, Arm]]]:
    """What is compared, and what the two are."""
    aside = chosen_by_method([run.result for run in done])
    references: dict[tuple[object, ...], list[Done]] = {}
    for run in done:
        arm = arm_of(run.result)
        if (arm.own and (arm.row.reference or arm.row.rival)) or arm.row.given:
            alike = conditions(run.result, aside=aside[run.result.language])
            references.setdefault(alike, []).append(run)
    plain: dict[tuple[object, ...], list[Done]] = {}
    for run in done:
        if _is_by_magnitude(run.result):
            plain.setdefault(_but_score(run.result), []).append(run)
    firsts: dict[tuple[object, ...], list[Done]] = {}
    for run in done:
        arm = arm_of(run.result, apart.pruning(run.result))
        alike = conditions(run.result, aside=aside[run.result.language])
        for reference in references.get(alike, ()):
            if _comparable(run.result, reference.result):
                yield (
                    run,
                    reference,
                    (arm, arm_of(reference.result, apart.pruning(reference.result))),
                )
        by_magnitude = _of_same_data(run, plain.get(_but_score(run.result), ()))
        if by_magnitude is not None and not _is_by_magnitude(run.result):
            variant = apart.pruning(by_magnitude.result) or "magnitude"
            yield run, by_magnitude, (arm, arm_of(by_magnitude.result, variant))
        but_upstream = (
            *conditions(run.result, but="upstream"),
            arm,
            run.result.sparsity_target,
            run.result.updates,
        )
        of_upstreams = firsts.setdefault(but_upstream, [])
        first = _of_same_data(run, of_upstreams)
        if first is None:
            of_upstreams.append(run)
        elif first.result.upstream != run.result.upstream:
            yield run, first, (_on(arm, run.result.upstream), _on(arm, first.result.upstream))


def _of_same_data(run: Done, others: Iterable[Done]) -> Done | None:
    """The first of others that is of the same data: a language may have several corpora."""
    for other in others:
        if same_data(run.result, other.result):
            return other
    return None


def _is_by_magnitude(result: Result) -> bool:
    return "score" not in options_beside(result)


def _but_score(result: Result) -> tuple[object, ...]:
    """What two results have in common that differ in the score of their weights alone."""
    options = options_beside(result)
    pruning = tuple(sorted((name, options.get(name)) for name in PRUNING if name not in SCORING))
    return (
        *conditions(result),
        arm_of(result),
        pruning,
        result.recipe,
        result.updates,
    )


def _on(arm: Arm, upstream: str) -> Arm:
    """An arm on an upstream, which its name then tells."""
    return replace(arm, variant=", ".join(filter(None, (arm.variant, upstream))))


def errors_of(run: Done) -> Path:
    """The errors of each utterance, or what was predicted of each example."""
    return run.folder / ("utterances.tsv" if run.result.scores is None else PREDICTIONS)


def _comparable(result: Result, reference: Result) -> bool:
    """Whether a result is compared with a reference of the same conditions."""
    arm, other = arm_of(result), arm_of(reference)
    if other.row.rival and not arm.row.moves_otherwise:
        return False
    if other.row.given and (arm.row.given or arm.given != other.given):
        return False
    # One run for several languages takes more updates than one for a single language.
    same_length = is_joint(result) or result.updates == reference.updates
    same_sparsity = not other.prunes or arm.sparsity == other.sparsity
    # Nor is it trained on the data of one, but it is scored on the same.
    same = same_references if is_joint(result) else same_data
    if not same(result, reference):
        return False
    # What is pruned, and how it is ranked, is no part of a method; who prunes nothing has neither.
    if reference.sparsity_target and ranking_options(result) != ranking_options(reference):
        return False
    return arm.name != other.name and not arm.is_dense and same_length and same_sparsity
