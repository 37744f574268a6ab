"""The paper's claims C1 to C9 (Lai et al. 2021), each with a verdict and the numbers that it rests
on.

A comparison counts for a claim, or against it, where its paired 95 % interval does not hold 0 (p
below 0.05). Seeds count as comparisons of their own. C9 is of text tasks, with BERT and XLNet, and
the others are of speech.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

from parp_espnet.pruning.masks import random_iou
from parp_espnet.scoring.bootstrap import RESAMPLES, percentiles, sums
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import JOINT, Arm, arm_of, is_total
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.names import MODELS, conditions, is_text
from parp_espnet.study.variants import Differences, ranking_options

OVERLAP, UNCHANGED = 0.9, 0.9999
"""What C4 and C5 say that an IOU exceeds."""
AS_BAD = 0.9
"""Times the errors of RP, above which C8's PARP from a random mask is called as bad."""
SPARSE = 0.9
"""Where C8 has PARP-P best."""
DENSE, RP, MPI, OMP, IMP = Arm("dense"), Arm("rp"), Arm("mpi"), Arm("omp"), Arm("imp")
PARP, PARP_P, TRANSFER = Arm("parp"), Arm("parp-p"), Arm("transfer")
FROM_RANDOM = Arm("parp", first="random")
"""The arms that the claims are of, as the paper has them."""


class Verdict(StrEnum):
    """What the study says of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNDECIDED = "undecided"
    UNTESTED = "not tested here"


@dataclass(frozen=True)
class Claim:
    """A claim, the verdict, and why."""

    name: str
    says: str
    verdict: Verdict
    because: str


@dataclass(frozen=True)
class Tally:
    """How many comparisons say that the first has fewer errors, more errors, or neither."""

    fewer: int
    more: int
    neither: int
    differences: tuple[float, ...]

    @classmethod
    def of(cls, found: Iterable[Comparison]) -> "Tally":
        """Count them."""
        some = list(found)
        fewer = sum(one.apart and one.difference < 0 for one in some)
        more = sum(one.apart and one.difference > 0 for one in some)
        return cls(fewer, more, len(some) - fewer - more, tuple(one.difference for one in some))

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __str__(self) -> str:
        middle = 100 * median(self.differences)
        total = len(self.differences)
        return (
            f"fewer errors in {self.fewer} of {total}, more in {self.more}, median difference "
            f"{middle:+.1f} points"
        )


def claims(results: Sequence[Result], evidence: Evidence) -> list[Claim]:
    """Judge every claim by what there is."""
    texts: dict[str, tuple[str, Callable[[Sequence[Result], Evidence], tuple[Verdict, str]]]] = {
        "C1": (
            "PARP has fewer errors than the dense model, at 10 minutes without a language model",
            _beats_dense,
        ),
        "C2": (
            "PARP has no more errors than OMP and IMP at every sparsity up to 80 %",
            _at_or_below,
        ),
        "C3": ("PARP costs one finetuning; IMP's cost grows with sparsity", _cost),
        "C4": ("masks of different languages overlap by more than 90 % at 50 %", _overlap),
        "C5": ("PARP's final mask is almost its first: IOU above 99.99 % beyond 20 %", _unchanged),
        "C6": (
            "another language's mask has more errors where it is fixed, and none where it adjusts",
            _transfer,
        ),
        "C7": ("one joint run finds one subnetwork for all languages", _joint),
        "C8": ("from a random mask PARP is as bad as RP; at 90 % PARP-P is best", _random_start),
        "C9": (
            "BERT and XLNet: PARP repairs masks of other tasks on most pairs of tasks",
            _repairs,
        ),
    }
    text = is_text(results)
    fitting = {
        name: judge for name, (_, judge) in texts.items() if not results or text == (name == "C9")
    }
    judges = {name: fitting.get(name, _elsewhere) for name in texts}
    return [
        Claim(name, says, *judges[name](results, evidence)) for name, (says, _) in texts.items()
    ]


def _elsewhere(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    return Verdict.UNTESTED, "of text tasks, and these are of speech, or the other way round"


def _decide(holds: bool, fails: bool) -> Verdict:
    return Verdict.HOLDS if holds else Verdict.FAILS if fails else Verdict.UNDECIDED


def _parp_against(other: Arm, most: float, comparisons: Sequence[Comparison]) -> Tally:
    """PARP beside another arm, at sparsities up to `most`."""
    return Tally.of(
        comparison
        for comparison in comparisons
        if (comparison.first, comparison.second) == (PARP, other) and comparison.sparsity <= most
    )


def _beats_dense(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    found = {}
    for frozen in sorted({one.freeze_updates for one in evidence.comparisons}):
        comparable = (one for one in evidence.comparisons if MODELS not in one.decoding)
        here = [one for one in comparable if one.freeze_updates == frozen]
        if tally := _parp_against(DENSE, 0.5, here):
            found[frozen] = tally
    if not found:
        return Verdict.UNTESTED, "no PARP beside a dense model, without a language model"
    fewer, more = sum(one.fewer for one in found.values()), sum(one.more for one in found.values())
    told = "; ".join(
        f"{frozen} frozen updates, up to 50 %: {tally}" for frozen, tally in found.items()
    )
    return _decide(fewer > 0 and not more, more > fewer), told


def _at_or_below(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    parts = {arm.name: _parp_against(arm, 0.8, evidence.comparisons) for arm in (OMP, IMP)}
    found = {name: tally for name, tally in parts.items() if tally}
    if not found:
        return Verdict.UNTESTED, "no PARP beside OMP or IMP"
    more, fewer = sum(one.more for one in found.values()), sum(one.fewer for one in found.values())
    told = "; ".join(f"against {name.upper()}: {tally}" for name, tally in found.items())
    return _decide(fewer > 0 and not more, more > 0), told


def _cost(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    once = {cost.finetuning_runs for cost in evidence.costs if cost.who.kind == PARP}
    several = {
        cost.sparsity: cost.finetuning_runs for cost in evidence.costs if cost.who.kind == IMP
    }
    if not once or not several:
        return Verdict.UNTESTED, "no PARP beside IMP"
    in_order = [several[sparsity] for sparsity in sorted(several)]
    grows = len(in_order) > 1 and in_order == sorted(in_order)
    told = ", ".join(f"{several[sparsity]} at {sparsity:.0%}" for sparsity in sorted(several))
    return _decide(once == {1} and grows, once != {1}), f"PARP {max(once)} finetuning; IMP {told}"


def _overlap(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    found = [
        o
        for o in evidence.overlaps
        if o.sparsity == 0.5 and not {MPI.name, JOINT} & {o.one, o.other}
    ]
    if not found:
        return Verdict.UNTESTED, "no OMP masks of several languages at 50 %"
    low, high = min(o.iou for o in found), max(o.iou for o in found)
    told = _by_frozen("pair", ((o.freeze_updates, o.iou) for o in found))
    return _decide(
        low > OVERLAP, high < OVERLAP
    ), f"{told}; two random masks have {random_iou(0.5):.3f}"


def _unchanged(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    apart = Differences.of(results)
    own = [r for r in results if arm_of(r).kind == PARP and not apart.pruning(r)]
    found = [r for r in own if r.sparsity_target > 0.2 and r.iou_initial_final]
    if not found:
        return Verdict.UNTESTED, "no PARP beyond 20 %"
    rates = [r.iou_initial_final or 0.0 for r in found]
    told = _by_frozen("run", ((r.freeze_updates, r.iou_initial_final or 0.0) for r in found))
    return _decide(min(rates) > UNCHANGED, max(rates) < UNCHANGED), told


def _by_frozen(what: str, values: Iterable[tuple[int, float]]) -> str:
    """Count, range and mean; by numbers of frozen updates where there are several, as less moves in
    fewer.
    """
    found: dict[int, list[float]] = {}
    for frozen, value in values:
        found.setdefault(frozen, []).append(value)
    return "; ".join(
        (f"{frozen} frozen updates: " if len(found) > 1 else "")
        + (
            f"{len(several)} {what}s, {min(several):.4f} to {max(several):.4f}, mean "
            f"{fmean(several):.4f}"
            if len(several) > 1
            else f"1 {what}, {several[0]:.4f}"
        )
        for frozen, several in sorted(found.items())
    )


def _transfer(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
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
    told += f"; adjusting against the same mask fixed: {beside}" if beside else ""
    still = moving.more > min(fixed.more, len(moving.differences) / 2)
    return _decide(degrades and repaired, not fixed.more or still), told


def _foreign(method: Arm, evidence: Evidence) -> list[Comparison]:
    """Of a method with the mask of one other language or task, not of a joint run or several."""
    return [c for c in evidence.comparisons if c.first.usual == method and c.first.of_one]


def _beside_own(method: Arm, evidence: Evidence) -> list[Comparison]:
    """Such a mask against the target's own OMP mask."""
    return [c for c in _foreign(method, evidence) if c.second == OMP]


def _adjusting_beside_fixed(evidence: Evidence) -> list[Comparison]:
    """Such a mask where it adjusts, against itself where it stays."""
    return [c for c in _foreign(PARP, evidence) if c.second.usual == TRANSFER and c.second.given]


def _joint(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """A joint run's model is what the paper reports; its mask, finetuned in one language alone, is
    told beside it.
    """
    found: dict[Arm, list[Comparison]] = {}
    for one in evidence.comparisons:
        if (one.first.joint or one.first.of_joint) and one.second == OMP:
            found.setdefault(one.first, []).append(one)
    tallies = {arm: Tally.of(some) for arm, some in found.items()}
    if not tallies:
        return Verdict.UNTESTED, "no joint run, and no mask of one, beside the languages' own"
    judged = {arm: tally for arm, tally in tallies.items() if arm.joint and arm.row.adjusts}
    judged = judged or tallies
    told = "; ".join(f"{arm.label}: {tally}" for arm, tally in tallies.items())
    holds = any(one.more <= one.fewer for one in judged.values())
    return _decide(holds, not holds), f"against the language's own OMP mask: {told}"


def _random_start(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """Two halves, each judged where it was tested; the claim holds where both do, and fails with
    one of them.
    """
    halves = [
        half for half in (_as_bad_as_rp(results), _best_where_sparse(results)) if half is not None
    ]
    if not halves:
        return Verdict.UNTESTED, "no PARP from a random mask beside RP, and no PARP-P at 90 %"
    verdicts = {verdict for verdict, _ in halves}
    holds = len(halves) == 2 and verdicts == {Verdict.HOLDS}
    return _decide(holds, Verdict.FAILS in verdicts), "; ".join(told for _, told in halves)


def _as_bad_as_rp(results: Sequence[Result]) -> tuple[Verdict, str] | None:
    """The first half of C8: what differs from RP in that the random mask moves; no interval is told
    apart.
    """
    rp = {_alike(one): one.error_rate for one in results if arm_of(one).kind == RP}
    from_random = [result for result in results if arm_of(result).kind == FROM_RANDOM]
    moving = [result for result in from_random if rp.get(_alike(result))]
    if not moving:
        return None
    ratios = [one.error_rate / rp[_alike(one)] for one in moving]
    as_bad = sum(ratio > AS_BAD for ratio in ratios)
    times = f"{min(ratios):.2f} to {max(ratios):.2f} times the errors of RP"
    told = f"PARP from a random mask has {times}, {len(ratios)} pairs"
    return _decide(as_bad == len(ratios), 2 * as_bad < len(ratios)), told


def _best_where_sparse(results: Sequence[Result]) -> tuple[Verdict, str] | None:
    """The second half of C8: PARP-P among all that is as sparse and otherwise alike."""
    sparse = [one for one in results if one.sparsity_target == SPARSE and not is_total(one)]
    progressive = [result for result in sparse if arm_of(result).usual == PARP_P]
    others = {
        id(p): [o.error_rate for o in sparse if _alike(o) == _alike(p) and o is not p]
        for p in progressive
    }
    best = [one.error_rate <= min(others[id(one)]) for one in progressive if others[id(one)]]
    if not best:
        return None
    return _decide(
        all(best), not any(best)
    ), f"PARP-P is best at {100 * SPARSE:g} % in {sum(best)} of {len(best)}"


def _alike(one: Result) -> tuple[object, ...]:
    """What two results have to have in common for their methods to be ranked."""
    return *conditions(one), one.recipe, one.sparsity_target, one.updates, *ranking_options(one)


def _repairs(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """A pair is a source and a target, and a seed. It is repaired where the same mask has fewer
    errors adjusting.

    The claim holds where that is so, with its interval, in most pairs; it does not where in no more
    than get worse.
    """
    pairs = _adjusting_beside_fixed(evidence)
    if not pairs:
        return Verdict.UNTESTED, "no masks of other tasks, fixed and adjusting"
    found = Tally.of(pairs)
    low, high = _mean_interval(found.differences)
    told = (
        f"adjusting against fixed, {len(pairs)} pairs: {found}, mean "
        f"{100 * fmean(found.differences):+.1f} points, "
    )
    told += f"95 % interval over pairs [{100 * low:+.1f}, {100 * high:+.1f}]"
    for how, method in (("fixed", TRANSFER), ("adjusting", PARP)):
        own = Tally.of(_beside_own(method, evidence))
        told += f"; {how} against the task's own OMP mask: {own}" if own else ""
    return _decide(2 * found.fewer > len(pairs), found.fewer <= found.more), told


def _mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile interval of the mean over values drawn with replacement."""
    found = sums([values], seed=0, resamples=RESAMPLES)[0] / len(values)
    return percentiles(found, 0.95)
