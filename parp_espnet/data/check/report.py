"""How faults are said: a line for each, a summary by kind, and a table in a file."""

from collections import Counter
from collections.abc import Iterable, Iterator

from parp_espnet.data.check.faults import KINDS, Fault, Level, Levels
from parp_espnet.data.check.run import Findings

COLUMNS = ("kind", "directory", "utterance", "file", "expected", "found")


def lines(findings: Findings, shown: int | None = None) -> Iterator[str]:
    """Yield a line for each fault, of each kind at most `shown`, and then the summary."""
    counts: Counter[str] = Counter()
    totals = Counter(fault.kind for fault in findings.faults)
    for fault in findings.faults:
        counts[fault.kind] += 1
        if shown is None or counts[fault.kind] <= shown:
            yield f"{findings.levels[fault.kind]:7}  {_words(fault)}"
        elif counts[fault.kind] == totals[fault.kind]:
            rest = totals[fault.kind] - shown
            yield f"{findings.levels[fault.kind]:7}  {fault.kind}: {rest} more"
    yield summary(findings)
    for kind, count in totals.items():
        yield f"  {count:6}  {findings.levels[kind]:7}  {kind:13}  {KINDS[kind].what}"


def summary(findings: Findings) -> str:
    """Return one line about what was checked and how much was found."""
    names = " ".join(folder.name for folder in findings.folders)
    errors, warnings = len(findings.of(Level.ERROR)), len(findings.of(Level.WARNING))
    return (
        f"{names}: {findings.utterances} utterances, {findings.hours:.2f} h, checked in "
        f"{findings.took:.1f} s: "
        f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    )


def table(faults: Iterable[Fault], levels: Levels | None = None) -> str:
    """Return faults as tab-separated values, below the names of the columns; with their levels,
    where these are given.

    A cell has no tab or newline in it.
    """
    rows = [list(COLUMNS)]
    for fault in faults:
        where = [fault.folder, fault.utterance, fault.file]
        rows.append([fault.kind, *where, fault.expected, fault.found])
    text = ""
    for row in rows:
        if levels is not None:
            row.insert(0, levels.get(row[0], "level"))
        text += "\t".join(" ".join(cell.split()) for cell in row) + "\n"
    return text


def _words(fault: Fault) -> str:
    who = f" {fault.utterance}:" if fault.utterance else ""
    return f"{fault.kind}:{who} {fault.file}: expected {fault.expected}, found {fault.found}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + "s" * (number != 1)
