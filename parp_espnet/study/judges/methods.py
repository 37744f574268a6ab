"""C1 to C3: PARP beside the other methods, in errors and in cost."""

from collections.abc import Sequence

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.judges.verdict import DENSE, IMP, OMP, PARP, Tally, Verdict, decide
from parp_espnet.study.names import MODELS

PAPERS_AMOUNT = "10 minutes"
"""Of speech, of which C1 is."""
SPARSEST = 0.5
"""Beyond which C1 says nothing."""
UNKNOWN_AMOUNT = "an amount of speech that is not known"


def _parp_against(other: Arm, most: float, comparisons: Sequence[Comparison]) -> Tally:
    """PARP beside another arm, at sparsities up to `most`."""
    some = []
    for comparison in comparisons:
        if (comparison.first, comparison.second) == (PARP, other) and comparison.sparsity <= most:
            some.append(comparison)
    return Tally.of(some)


def beats_dense_at(evidence: Evidence) -> dict[str, tuple[Verdict, str]]:
    """Judge C1 at each amount of speech on which PARP is beside a dense model, the least first; at
    the paper's where it is so on none.
    """
    by_amount: dict[float | None, list[Comparison]] = {}
    for comparison in evidence.comparisons:
        if MODELS not in comparison.decoding and _parp_against(DENSE, SPARSEST, [comparison]):
            by_amount.setdefault(comparison.train_minutes, []).append(comparison)
    if not by_amount:
        because = "no PARP beside a dense model, without a language model"
        return {PAPERS_AMOUNT: (Verdict.UNTESTED, because)}
    judged = {}
    for minutes in sorted(by_amount, key=lambda minutes: (minutes is None, minutes)):
        amount = UNKNOWN_AMOUNT if minutes is None else f"{minutes:g} minutes"
        judged[amount] = _beats_dense(by_amount[minutes])
    return judged


def _beats_dense(comparisons: Sequence[Comparison]) -> tuple[Verdict, str]:
    by_frozen: dict[int, list[Comparison]] = {}
    for comparison in comparisons:
        by_frozen.setdefault(comparison.freeze_updates, []).append(comparison)
    told = []
    fewer = more = 0
    for frozen, here in sorted(by_frozen.items()):
        tally = Tally.of(here)
        fewer += tally.fewer
        more += tally.more
        told.append(f"{frozen} frozen updates, up to {100 * SPARSEST:g} %: {tally}")
    return decide(fewer > 0 and not more, more > fewer), "; ".join(told)


def at_or_below(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    told = []
    fewer = more = 0
    for arm in (OMP, IMP):
        tally = _parp_against(arm, 0.8, evidence.comparisons)
        if tally:
            fewer += tally.fewer
            more += tally.more
            told.append(f"against {arm.name.upper()}: {tally}")
    if not told:
        return Verdict.UNTESTED, "no PARP beside OMP or IMP"
    return decide(fewer > 0 and not more, more > 0), "; ".join(told)


def costs_one_finetuning(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    once: set[int] = set()
    several: dict[float, int] = {}
    for cost in evidence.costs:
        if cost.who.kind == PARP:
            once.add(cost.finetuning_runs)
        elif cost.who.kind == IMP:
            several[cost.sparsity] = cost.finetuning_runs
    if not once or not several:
        return Verdict.UNTESTED, "no PARP beside IMP"
    several = dict(sorted(several.items()))
    runs = list(several.values())
    grows = runs == sorted(runs) and runs[0] < runs[-1]
    told = ", ".join(f"{number} at {sparsity:.0%}" for sparsity, number in several.items())
    return decide(once == {1} and grows, once != {1}), f"PARP {max(once)} finetuning; IMP {told}"
