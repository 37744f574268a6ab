"""C4 and C5: how much masks have in common."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from parp_espnet.pruning.masks import random_iou
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import JOINT, arm_of
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.verdict import MPI, PARP, Verdict, decide
from parp_espnet.study.variants import Differences

OVERLAP, UNCHANGED = 0.9, 0.9999
"""What C4 and C5 say that an IOU exceeds."""


def languages_overlap(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    overlaps = [
        o
        for o in evidence.overlaps
        if o.sparsity == 0.5 and not o.method and not {MPI.name, JOINT} & {o.one, o.other}
    ]
    if not overlaps:
        return Verdict.UNTESTED, "no OMP masks of several languages at 50 %"
    ious = [overlap.iou for overlap in overlaps]
    low, high = min(ious), max(ious)
    told = _by_frozen("pair", ((o.freeze_updates, o.iou) for o in overlaps))
    return decide(
        low > OVERLAP, high < OVERLAP
    ), f"{told}; two random masks have {random_iou(0.5):.3f}"


def mask_stays(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    apart = Differences.of(results)
    own = [r for r in results if arm_of(r).kind == PARP and not apart.pruning(r)]
    adjusted = [r for r in own if r.sparsity_target > 0.2 and r.iou_initial_final]
    if not adjusted:
        return Verdict.UNTESTED, "no PARP beyond 20 %"
    rates = [r.iou_initial_final or 0.0 for r in adjusted]
    told = _by_frozen("run", ((r.freeze_updates, r.iou_initial_final or 0.0) for r in adjusted))
    return decide(min(rates) > UNCHANGED, max(rates) < UNCHANGED), told


def _by_frozen(what: str, values: Iterable[tuple[int, float]]) -> str:
    """Count, range and mean; by numbers of frozen updates where there are several, as less moves in
    fewer.
    """
    by_frozen: dict[int, list[float]] = {}
    for frozen, value in values:
        by_frozen.setdefault(frozen, []).append(value)
    return "; ".join(
        (f"{frozen} frozen updates: " if len(by_frozen) > 1 else "")
        + (
            f"{len(several)} {what}s, {min(several):.4f} to {max(several):.4f}, mean "
            f"{fmean(several):.4f}"
            if len(several) > 1
            else f"1 {what}, {several[0]:.4f}"
        )
        for frozen, several in sorted(by_frozen.items())
    )
