"""C8: where the first mask is random, and where almost everything is pruned."""

from collections.abc import Iterable, Sequence

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm, arm_of, is_joint, is_total
from parp_espnet.study.comparable import ranking_options
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.verdict import PARP_P, RP, Verdict, decide
from parp_espnet.study.names import conditions

AS_BAD = 0.9
"""Times the errors of RP, above which C8's PARP from a random mask is called as bad."""

SPARSE = 0.9
"""Where C8 has PARP-P best."""

FROM_RANDOM = Arm("parp", first="random")
"""The arms that the claims are of, as the paper has them."""


def random_start_and_sparsest(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """Two halves, each judged where it was tested; the claim holds where both do, and fails with
    one of them.
    """
    verdicts, told = [], []
    for half in (_as_bad_as_rp(results), _best_where_sparse(results)):
        if half is not None:
            verdicts.append(half[0])
            told.append(half[1])
    if not verdicts:
        return Verdict.UNTESTED, (
            "no PARP from a random mask beside RP, and no PARP-P beside others at 90 %"
        )
    holds = verdicts == [Verdict.HOLDS, Verdict.HOLDS]
    return decide(holds, Verdict.FAILS in verdicts), "; ".join(told)


def _as_bad_as_rp(results: Sequence[Result]) -> tuple[Verdict, str] | None:
    """The first half of C8: what differs from RP in that the random mask moves; no interval is told
    apart.
    """
    rp = {alike(result): result.error_rate for result in results if arm_of(result).kind == RP}
    ratios = []
    for result in results:
        fixed = rp.get(alike(result))
        if fixed and arm_of(result).kind == FROM_RANDOM:
            ratios.append(result.error_rate / fixed)
    if not ratios:
        return None
    as_bad = sum(ratio > AS_BAD for ratio in ratios)
    times = f"{min(ratios):.2f} to {max(ratios):.2f} times the errors of RP"
    told = f"PARP from a random mask has {times}, {len(ratios)} pairs"
    return decide(as_bad == len(ratios), 2 * as_bad < len(ratios)), told


def _best_where_sparse(results: Sequence[Result]) -> tuple[Verdict, str] | None:
    """The second half of C8: PARP-P among all that is as sparse and otherwise alike."""
    groups: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        if result.sparsity_target == SPARSE and not is_total(result):
            groups.setdefault(alike(result), []).append(result)
    best = []
    for several in groups.values():
        lowest = min(result.error_rate for result in several)
        if all(arm_of(result).usual == PARP_P for result in several):
            continue  # beside itself alone
        for result in several:
            if arm_of(result).usual == PARP_P:
                best.append(result.error_rate == lowest)
    if not best:
        return None
    told = f"PARP-P is best at {100 * SPARSE:g} % in {sum(best)} of {len(best)}"
    return decide(all(best), not any(best)), told


def alike(result: Result, aside: Iterable[str] = ()) -> tuple[object, ...]:
    """What two results have to have in common for their methods to be ranked, but for the options
    `aside`.
    """
    return (
        *conditions(result, aside=aside),
        tuple(result.train_languages or ()) if is_joint(result) else (),
        result.recipe,
        result.sparsity_target,
        result.updates,
        *ranking_options(result),
    )
