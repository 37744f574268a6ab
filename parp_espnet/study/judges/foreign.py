"""C6, C7 and C9: masks of other languages, of a joint run, and of other tasks."""

from collections.abc import Sequence
from statistics import fmean

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.judges.verdict import (
    OMP,
    PARP,
    TRANSFER,
    Tally,
    Verdict,
    decide,
    mean_interval,
)


def foreign_masks_adjust(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """It does not hold where no fixed mask degrades, nor where most adjusting ones do, or more than
    fixed ones.
    """
    fixed = Tally.of(_beside_own(TRANSFER, evidence))
    moving = Tally.of(_beside_own(PARP, evidence))
    if not fixed or not moving:
        return Verdict.UNTESTED, "no foreign masks, fixed and adjusting, beside the language's own"
    degrades, repaired = fixed.more > fixed.fewer, moving.more <= moving.fewer
    told = f"against the language's own OMP mask: fixed, {fixed}; adjusting, {moving}"
    beside = Tally.of(_adjusting_beside_fixed(evidence))
    if beside:
        told += f"; adjusting against the same mask fixed: {beside}"
    still = moving.more > min(fixed.more, len(moving.differences) / 2)
    return decide(degrades and repaired, not fixed.more or still), told


def _foreign(method: Arm, evidence: Evidence) -> list[Comparison]:
    """Of a method with the mask of one other language or task, not of a joint run or several."""
    return [c for c in evidence.comparisons if c.first.usual == method and c.first.of_one]


def _beside_own(method: Arm, evidence: Evidence) -> list[Comparison]:
    """Such a mask against the target's own OMP mask."""
    return [c for c in _foreign(method, evidence) if c.second == OMP]


def _adjusting_beside_fixed(evidence: Evidence) -> list[Comparison]:
    """Such a mask where it adjusts, against itself where it stays."""
    return [c for c in _foreign(PARP, evidence) if c.second.usual == TRANSFER and c.second.given]


def joint_run_serves_all(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """A joint run's model is what the paper reports; its mask, finetuned in one language alone, is
    told beside it.
    """
    by_arm: dict[Arm, list[Comparison]] = {}
    for comparison in evidence.comparisons:
        if (comparison.first.joint or comparison.first.of_joint) and comparison.second == OMP:
            by_arm.setdefault(comparison.first, []).append(comparison)
    if not by_arm:
        return Verdict.UNTESTED, "no joint run, and no mask of one, beside the languages' own"
    told = []
    as_good: list[bool] = []
    models_as_good: list[bool] = []
    for arm, comparisons in by_arm.items():
        tally = Tally.of(comparisons)
        told.append(f"{arm.label}: {tally}")
        as_good.append(tally.more <= tally.fewer)
        if arm.joint and arm.row.adjusts:
            models_as_good.append(tally.more <= tally.fewer)
    holds = any(models_as_good or as_good)
    return decide(holds, not holds), f"against the language's own OMP mask: {'; '.join(told)}"


def adjusting_repairs(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """A pair is a source and a target, and a seed. It is repaired where the same mask has fewer
    errors adjusting.

    The claim holds where that is so, with its interval, in most pairs; it does not where in no more
    than get worse.
    """
    pairs = _adjusting_beside_fixed(evidence)
    if not pairs:
        return Verdict.UNTESTED, "no masks of other tasks, fixed and adjusting"
    tally = Tally.of(pairs)
    low, high = mean_interval(tally.differences)
    told = (
        f"adjusting against fixed, {len(pairs)} pairs: {tally}, mean "
        f"{100 * fmean(tally.differences):+.1f} points, "
    )
    told += f"95 % interval over pairs [{100 * low:+.1f}, {100 * high:+.1f}]"
    for how, method in (("fixed", TRANSFER), ("adjusting", PARP)):
        own = Tally.of(_beside_own(method, evidence))
        if own:
            told += f"; {how} against the task's own OMP mask: {own}"
    return decide(2 * tally.fewer > len(pairs), tally.fewer <= tally.more), told
