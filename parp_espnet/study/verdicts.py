"""The paper's claims, judged over several studies at once: what one of them tests, another does
not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from parp_espnet.scoring.aligned import unaligned
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import corpus_of
from parp_espnet.study.claims import claims
from parp_espnet.study.collect import read_results
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.verdict import Verdict

HEAD = ("claim of the paper", "", "corpus", "verdict", "because")
type Found = tuple[list[Result], Evidence]


def verdicts(folders: Sequence[Path]) -> str:
    """Return a Markdown table: each claim, for each corpus on which it was tested.

    A study of several corpora, such as one of the overlap of their masks, stands for itself.

    Args:
        folders: of finished studies, each with its `results.json` and `evidence.json`.

    Raises:
        UserError: a file is missing, damaged or of another version.
    """
    rows = []
    for corpora, (results, evidence) in _by_corpus(folders).items():
        rows += [
            (one.name, one.says, corpora, str(one.verdict), one.because)
            for one in claims(results, evidence)
        ]
    tested = [row for row in rows if row[3] != Verdict.UNTESTED]
    # Sorting keeps the corpora's order within a claim.
    return unaligned([HEAD, *sorted(tested, key=lambda row: row[0])])


def _by_corpus(folders: Sequence[Path]) -> Mapping[str, Found]:
    found: dict[str, list[Found]] = {}
    for folder in folders:
        results = read_results(folder / "results.json")
        corpora = ", ".join(dict.fromkeys(corpus_of(one) for one in results))
        found.setdefault(corpora, []).append((results, Evidence.read(folder / "evidence.json")))
    return {corpora: _together(several) for corpora, several in found.items()}


def _together(studies: Sequence[Found]) -> Found:
    """All that the studies know; what several of them took from the same run, once."""
    results = _once(one for found, _ in studies for one in found)
    each = {
        field.name: _once(one for _, evidence in studies for one in getattr(evidence, field.name))
        for field in fields(Evidence)
    }
    return results, Evidence(**each)


def _once[T](values: Iterable[T]) -> list[T]:
    return list({repr(value): value for value in values}.values())
