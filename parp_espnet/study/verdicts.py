"""The paper's claims, judged over several studies at once: what one of them tests, another does
not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

from parp_espnet.scoring.aligned import unaligned
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm, corpus_of
from parp_espnet.study.claims import claims
from parp_espnet.study.collect import read_results
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.judges.verdict import Verdict
from parp_espnet.study.variants import Differences

HEAD = ("claim of the paper", "", "corpus", "verdict", "because")
HEAD_WITH_OWN = ("claim, of the paper (C) or ours (N)", *HEAD[1:])
type Kept = tuple[list[Result], Evidence]
"""What a study left."""


def verdicts(folders: Sequence[Path]) -> str:
    """Return a Markdown table: each claim, for each corpus on which it was tested.

    A study of several corpora, such as one of the overlap of their masks, stands for itself.

    Args:
        folders: of finished studies, each with its `results.json` and `evidence.json`.

    Raises:
        UserError: a file is missing, damaged or of another version.
    """
    rows = []
    own = False
    for corpora, (results, evidence) in by_corpus(folders).items():
        for claim in claims(results, evidence):
            if claim.verdict is not Verdict.UNTESTED:
                row = (claim.name, claim.says, corpora, str(claim.verdict), claim.because)
                rows.append(row)
                own = own or claim.is_own
    # Sorting keeps the corpora's order within a claim.
    return unaligned([HEAD_WITH_OWN if own else HEAD, *sorted(rows, key=lambda row: row[0])])


def untested(folders: Sequence[Path]) -> str:
    """Return a line for each claim that no corpus has tested, with what there was no data of;
    errors are those of `verdicts`.
    """
    lacking: dict[str, dict[str, None]] = {}
    tested = set()
    for results, evidence in by_corpus(folders).values():
        for claim in claims(results, evidence):
            if claim.verdict is Verdict.UNTESTED:
                lacking.setdefault(claim.name, {})[claim.because] = None
            else:
                tested.add(claim.name)
    lines = []
    for name, reasons in lacking.items():
        if name not in tested:
            lines.append(f"{name}: {Verdict.UNTESTED}: {'; '.join(reasons)}\n")
    return "".join(lines)


def by_corpus(folders: Sequence[Path]) -> Mapping[str, Kept]:
    """Return what the studies of each corpus know together; errors are those of `verdicts`."""
    studies: dict[str, list[Kept]] = {}
    for folder in folders:
        results = read_results(folder / "results.json")
        corpora = ", ".join(sorted(dict.fromkeys(map(corpus_of, results))))
        evidence = _completed(Evidence.read(folder / "evidence.json"), results)
        studies.setdefault(corpora, []).append((results, evidence))
    together = {}
    for corpora, several in studies.items():
        every = Differences.of(list(chain.from_iterable(results for results, _ in several)))
        named = [(results, _told_apart(evidence, results, every)) for results, evidence in several]
        together[corpora] = _together(named)
    return together


def _told_apart(evidence: Evidence, results: Sequence[Result], every: Differences) -> Evidence:
    """The same, whose comparisons name the options of pruning too that a study has throughout, and
    that differ between studies: a pattern, say, of all its arms.
    """
    own = Differences.of(results)
    between = replace(every, names=tuple(name for name in every.names if name not in own.names))
    words: dict[tuple[str, str, float], set[str]] = {}
    for result in results:
        place = result.language or "", result.method, result.sparsity_target
        words.setdefault(place, set()).add(between.pruning(result))
    told = {place: several.pop() for place, several in words.items() if len(several) == 1}
    comparisons = []
    for comparison in evidence.comparisons:
        pair = comparison.language, comparison.sparsity
        first = _with_words(comparison.first, told, pair)
        second = _with_words(comparison.second, told, pair)
        comparisons.append(replace(comparison, one_arm=first, other_arm=second))
    return replace(evidence, comparisons=comparisons)


def _with_words(
    arm: Arm, told: Mapping[tuple[str, str, float], str], place: tuple[str, float]
) -> Arm:
    """An arm with what is told of its method in a language at a sparsity."""
    language, sparsity = place
    more = told.get((language, arm.method, sparsity), "")
    if not more:
        return arm
    return replace(arm, variant=", ".join(filter(None, (arm.variant, more))))


def _completed(evidence: Evidence, results: Sequence[Result]) -> Evidence:
    """The same, where comparisons of before do not say on how much speech and on which upstream
    they are: as far as the study's results do.
    """
    alike: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        place = (
            result.language or "",
            result.method,
            result.sparsity_target,
            result.seed,
            result.freeze_updates,
        )
        alike.setdefault(place, []).append(result)
    comparisons = []
    for comparison in evidence.comparisons:
        place = (
            comparison.language,
            comparison.first.method,
            comparison.sparsity,
            comparison.seed,
            comparison.freeze_updates,
        )
        comparisons.append(_with_result(comparison, alike.get(place, ())))
    return replace(evidence, comparisons=comparisons)


def _with_result(comparison: Comparison, results: Sequence[Result]) -> Comparison:
    """A comparison of one of some results."""
    words = comparison.conditions.split(", ")
    told = [result for result in results if f"minutes {result.train_minutes or 0:g}" in words]
    minutes = {result.train_minutes for result in told or results}
    upstreams = {result.upstream for result in results}
    if comparison.train_minutes is None and len(minutes) == 1:
        comparison = replace(comparison, train_minutes=minutes.pop())
    if not comparison.upstream and len(upstreams) == 1:
        comparison = replace(comparison, upstream=upstreams.pop())
    return comparison


def _together(studies: Sequence[Kept]) -> Kept:
    """All that the studies know; what several of them took from the same run, once."""
    results: dict[str, Result] = {}
    for result in chain.from_iterable(results for results, _ in studies):
        # A study may have measured exports of a run that others have without.
        run = repr(replace(result, exports=None))
        if run not in results or results[run].exports is None:
            results[run] = result
    each = {}
    for field in fields(Evidence):
        several: list[list[Any]] = [list(getattr(evidence, field.name)) for _, evidence in studies]
        if field.name == "comparisons":
            each[field.name] = _once(several, _measured)
        else:
            each[field.name] = _once(several, repr)
    return list(results.values()), Evidence(**each)


def _measured(comparison: Comparison) -> str:
    """What two runs had in common and were measured to differ in, whatever a study calls them: it
    names the options that differ in it, and these are others in each.
    """
    arms = []
    for arm in (comparison.first, comparison.second):
        arms.append(replace(arm, variant=""))
    bare = {"one": "", "other": "", "one_arm": None, "other_arm": None, "conditions": ""}
    return repr((arms, replace(comparison, **bare)))  # type: ignore[arg-type]


def _once[T](studies: Sequence[Sequence[T]], identity: Callable[[T], str]) -> list[T]:
    """What the studies have, of each identity as many as the one that has most; of several of it
    that which says most.
    """
    by_identity: dict[str, list[T]] = {}
    for study in studies:
        own: dict[str, list[T]] = {}
        for value in study:
            own.setdefault(identity(value), []).append(value)
        for key, values in own.items():
            before = by_identity.get(key, [])
            by_identity[key] = max(before, values, key=lambda some: (len(some), len(repr(some))))
    return list(chain.from_iterable(by_identity.values()))
