"""RESULTS.md of a recipe, in ESPnet's form: an Environments block, and a table for every
experiment.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from parp_espnet.errors import UserError, printable
from parp_espnet.files import read_json, write_text
from parp_espnet.progress import say
from parp_espnet.scoring.decodings import (
    OTHER_REFERENCES,
    as_table,
    compare_decodings,
    other_references,
)
from parp_espnet.scoring.per import Total
from parp_espnet.scoring.result import RESULT, Result
from parp_espnet.scoring.words import Metric

HEAD = "|dataset|Snt|Wrd|Corr|Sub|Del|Ins|Err|S.Err|\n|---|---|---|---|---|---|---|---|---|\n"
OTHERS_EXPLAINED = (
    "Other references: scored on another text of that set than the newest score; the same command "
    "as then makes that score again.\n"
)


def write_report(expdir: Path, out: Path) -> None:
    """Write `out` from all scored decodings under `expdir`; those that are damaged are told and
    left out.

    Raises `UserError` when there is none.
    """
    scores: dict[Path, tuple[Result, Total]] = {}
    for counts in sorted(expdir.glob("*/decode_*/*/score/counts.json")):
        try:
            scores[counts.parent] = Result.read(counts.with_name(RESULT)), _total(counts)
        except UserError as error:
            say(f"warning: left out of {out.name}: {printable(error)}; run that experiment again")
    if not scores:
        raise UserError(f"{expdir}: nothing is scored yet; run stage 13")
    experiments: dict[Path, list[Path]] = {}
    for score in scores:
        experiments.setdefault(score.parents[2], []).append(score)
    by_age = sorted(scores, key=lambda score: (score / "counts.json").stat().st_mtime)
    # Of each set, what its text is now.
    newest: dict[tuple[object, ...], Result] = {}
    for score in by_age:
        result, _ = scores[score]
        newest[score.parts[-2], *_kind(result)] = result
    sections = [_environment(by_age[-1] / RESULT)]
    for experiment, own in experiments.items():
        sections.append(_section(experiment, {score: scores[score] for score in own}, newest))
    if any(OTHER_REFERENCES in section for section in sections[1:]):
        sections.append(OTHERS_EXPLAINED)
    write_text(out, "\n".join(sections))


def one_line(result: Result) -> str:
    """Return a result in words."""
    low, high = result.ci95
    sparsity, pfer = "not measured", ""
    if result.sparsity_measured is not None:
        sparsity = f"{result.sparsity_measured:.2%}"
    if result.pfer is not None:
        pfer = f"; PFER {result.pfer:.2%}"
    return printable(
        f"{result.metric.upper()} {result.error_rate:.2%} [{low:.2%}, {high:.2%}] on "
        f"{result.dataset}, "
        f"{result.method}{', zero-shot' if result.is_zero_shot else ''}, sparsity {sparsity}: "
        f"{result.sub} substitutions, {result.ins} "
        f"insertions, "
        f"{result.del_} deletions in {result.reference_length} {Metric(result.metric).unit}"
        f"{_without_marks(result)}{pfer}{_merged(result)}"
    )


def row(dataset: str, total: Total) -> str:
    """Return one line of the table; what counts words elsewhere counts the metric's units here."""
    errors = total.substitutions + total.deletions + total.insertions
    shares = [total.correct, total.substitutions, total.deletions, total.insertions, errors]
    cells = [dataset, str(total.sentences), str(total.reference)]
    cells += [f"{100 * share / total.reference:.1f}" for share in shares]
    cells.append(f"{100 * total.sentence_errors / total.sentences:.1f}")
    return f"|{'|'.join(cells)}|\n"


def _total(file: Path) -> Total:
    """Read counts.json. Raises `UserError`."""
    loaded = read_json(file)
    try:
        return Total(**{name: int(count) for name, count in loaded.items()})
    except (AttributeError, TypeError, ValueError):
        raise UserError(f"{file}: expected the counts of a score, found something else") from None


def _kind(result: Result) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What scores have in common that may be on the same references."""
    return result.metric, tuple(sorted(result.merges.items()))


def _section(
    experiment: Path,
    scores: Mapping[Path, tuple[Result, Total]],
    newest: Mapping[tuple[object, ...], Result],
) -> str:
    tables: dict[str, str] = {}
    bare: list[str] = []
    for score, (result, total) in scores.items():
        decoding, dataset = score.parts[-3:-1]
        name = f"{decoding}/{dataset}{_merged(result)}"
        if other_references(result, newest.get((dataset, *_kind(result)))):
            name += OTHER_REFERENCES
        tables[result.metric] = tables.get(result.metric, HEAD) + row(name, total)
        if result.per_without_marks is not None:
            bare.append(f"- {name}: {result.per_without_marks:.2%}")
    try:
        compared = as_table(compare_decodings(list(scores)))
    except UserError as error:
        compared = ""
        say(f"warning: decodings are not compared: {printable(error)}")
    parts = [f"## {experiment}"]
    for metric, rows in tables.items():
        parts.append(f"### {metric.upper()}\n\n{rows}")
    if bare:
        parts.append("\n".join(["PER without tone and length marks:\n", *bare, ""]))
    if compared:
        parts.append(compared)
    return "\n".join(parts)


def _merged(result: Result) -> str:
    return f"; {len(result.merges)} scored as others" if result.merges else ""


def _without_marks(result: Result) -> str:
    rate = result.per_without_marks
    return "" if rate is None else f"; without tone and length marks {rate:.2%}"


def _environment(newest: Path) -> str:
    result = Result.read(newest)
    lines = [f"- date: `{time.ctime(newest.stat().st_mtime)}`"]
    for name, version in result.versions.items():
        lines.append(f"- {name} version: `{version}`")
    if result.device is not None:
        lines.append(f"- trained on: `{result.device}`")
    lines.append(f"- Git hash: `{result.git}`")
    return "# RESULTS\n## Environments\n" + "\n".join(lines) + "\n"
