"""C4 and C5: how much masks have in common."""

from collections.abc import Mapping, Sequence
from itertools import chain
from statistics import fmean

from parp_espnet.pruning.masks import random_iou
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import JOINT, arm_of
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.verdict import MPI, PARP, Verdict, decide
from parp_espnet.study.names import spoken
from parp_espnet.study.variants import Differences

OVERLAP, UNCHANGED = 0.9, 0.9999
"""What C4 and C5 say that an IOU exceeds."""


def languages_overlap(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    ious: dict[int, list[float]] = {}
    heard = spoken(results)
    for overlap in evidence.overlaps:
        one, other = overlap.one, overlap.other
        of_languages = not overlap.method and not {MPI.name, JOINT} & {one, other}
        if heard.get(one, one) == heard.get(other, other):
            continue
        if of_languages and overlap.sparsity == 0.5:
            ious.setdefault(overlap.freeze_updates, []).append(overlap.iou)
    if not ious:
        return Verdict.UNTESTED, "no OMP masks of several languages at 50 %"
    told = f"{_by_frozen('pair', ious)}; two random masks have {random_iou(0.5):.3f}"
    low, high = _range(ious)
    return decide(low > OVERLAP, high < OVERLAP), told


def mask_stays(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    apart = Differences.of(results)
    ious: dict[int, list[float]] = {}
    for result in _once_trained(results):
        as_usual = arm_of(result).kind == PARP and not apart.pruning(result)
        if as_usual and result.sparsity_target > 0.2 and result.iou_initial_final is not None:
            ious.setdefault(result.freeze_updates, []).append(result.iou_initial_final)
    if not ious:
        return Verdict.UNTESTED, "no PARP beyond 20 %"
    low, high = _range(ious)
    return decide(low > UNCHANGED, high < UNCHANGED), _by_frozen("run", ious)


def _once_trained(results: Sequence[Result]) -> list[Result]:
    """The results, of a model that was decoded in several ways or scored on several sets one."""
    trained: dict[tuple[object, ...], Result] = {}
    for result in results:
        training = (
            result.recipe,
            result.language,
            result.train_minutes,
            result.upstream,
            result.method,
            result.sparsity_target,
            result.seed,
            result.updates,
            result.train_seconds,
            result.mask_sha256,
            result.iou_initial_final,
        )
        trained.setdefault(training, result)
    return list(trained.values())


def _range(ious: Mapping[int, Sequence[float]]) -> tuple[float, float]:
    every = list(chain.from_iterable(ious.values()))
    return min(every), max(every)


def _by_frozen(what: str, ious: Mapping[int, Sequence[float]]) -> str:
    """Count, range and mean; by numbers of frozen updates where there are several, as less moves in
    fewer.
    """
    told = []
    for frozen, several in sorted(ious.items()):
        words = f"1 {what}, {several[0]:.4f}"
        if len(several) > 1:
            low, high = min(several), max(several)
            words = f"{len(several)} {what}s, {low:.4f} to {high:.4f}, mean {fmean(several):.4f}"
        if len(ious) > 1:
            words = f"{frozen} frozen updates: {words}"
        told.append(words)
    return "; ".join(told)
