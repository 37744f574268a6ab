"""C1 to C3: PARP beside the other methods, in errors and in cost."""

from collections.abc import Sequence

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.judges.verdict import DENSE, IMP, OMP, PARP, Tally, Verdict, decide
from parp_espnet.study.names import MODELS


def _parp_against(other: Arm, most: float, comparisons: Sequence[Comparison]) -> Tally:
    """PARP beside another arm, at sparsities up to `most`."""
    return Tally.of(
        comparison
        for comparison in comparisons
        if (comparison.first, comparison.second) == (PARP, other) and comparison.sparsity <= most
    )


def beats_dense(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    tallies = {}
    for frozen in sorted({comparison.freeze_updates for comparison in evidence.comparisons}):
        comparable = (
            comparison for comparison in evidence.comparisons if MODELS not in comparison.decoding
        )
        here = [comparison for comparison in comparable if comparison.freeze_updates == frozen]
        if tally := _parp_against(DENSE, 0.5, here):
            tallies[frozen] = tally
    if not tallies:
        return Verdict.UNTESTED, "no PARP beside a dense model, without a language model"
    fewer = sum(tally.fewer for tally in tallies.values())
    more = sum(tally.more for tally in tallies.values())
    told = "; ".join(
        f"{frozen} frozen updates, up to 50 %: {tally}" for frozen, tally in tallies.items()
    )
    return decide(fewer > 0 and not more, more > fewer), told


def at_or_below(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    parts = {arm.name: _parp_against(arm, 0.8, evidence.comparisons) for arm in (OMP, IMP)}
    tallies = {name: tally for name, tally in parts.items() if tally}
    if not tallies:
        return Verdict.UNTESTED, "no PARP beside OMP or IMP"
    more = sum(tally.more for tally in tallies.values())
    fewer = sum(tally.fewer for tally in tallies.values())
    told = "; ".join(f"against {name.upper()}: {tally}" for name, tally in tallies.items())
    return decide(fewer > 0 and not more, more > 0), told


def costs_one_finetuning(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    once = {cost.finetuning_runs for cost in evidence.costs if cost.who.kind == PARP}
    several = {
        cost.sparsity: cost.finetuning_runs for cost in evidence.costs if cost.who.kind == IMP
    }
    if not once or not several:
        return Verdict.UNTESTED, "no PARP beside IMP"
    in_order = [several[sparsity] for sparsity in sorted(several)]
    grows = len(in_order) > 1 and in_order == sorted(in_order)
    told = ", ".join(f"{several[sparsity]} at {sparsity:.0%}" for sparsity in sorted(several))
    return decide(once == {1} and grows, once != {1}), f"PARP {max(once)} finetuning; IMP {told}"
