"""The paper's claims, judged over several studies at once: what one of them tests, another does
not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

from parp_espnet.scoring.aligned import unaligned
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import corpus_of
from parp_espnet.study.claims import claims
from parp_espnet.study.collect import read_results
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.judges.verdict import Verdict

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
    for corpora, (results, evidence) in _by_corpus(folders).items():
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
    for results, evidence in _by_corpus(folders).values():
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


def _by_corpus(folders: Sequence[Path]) -> Mapping[str, Kept]:
    studies: dict[str, list[Kept]] = {}
    for folder in folders:
        results = read_results(folder / "results.json")
        corpora = ", ".join(dict.fromkeys(map(corpus_of, results)))
        evidence = _completed(Evidence.read(folder / "evidence.json"), results)
        studies.setdefault(corpora, []).append((results, evidence))
    return {corpora: _together(several) for corpora, several in studies.items()}


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
    results = _once(chain.from_iterable(results for results, _ in studies))
    each = {}
    for field in fields(Evidence):
        several: list[Any] = []
        for _, evidence in studies:
            several += getattr(evidence, field.name)
        each[field.name] = _once(several)
    return results, Evidence(**each)


def _once[T](values: Iterable[T]) -> list[T]:
    by_content = {}
    for value in values:
        by_content[repr(value)] = value
    return list(by_content.values())
