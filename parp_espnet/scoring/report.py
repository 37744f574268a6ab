"""RESULTS.md of a recipe, in ESPnet's form: an Environments block, and a table for every experiment."""

import time
from pathlib import Path

from parp_espnet.errors import UserError, printable
from parp_espnet.files import read_json, write_text
from parp_espnet.scoring.decodings import as_table, compare_decodings
from parp_espnet.scoring.per import Total
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.words import Metric

HEAD = "|dataset|Snt|Wrd|Corr|Sub|Del|Ins|Err|S.Err|\n|---|---|---|---|---|---|---|---|---|\n"


def write_report(expdir: Path, out: Path) -> None:
    """Write `out` from all scored decodings under `expdir`. Raises `UserError` when there is none."""
    scores = sorted(expdir.glob("*/decode_*/*/score/counts.json"))
    if not scores:
        raise UserError(f"{expdir}: nothing is scored yet; run stage 13")
    experiments: dict[Path, list[Path]] = {}
    for score in scores:
        experiments.setdefault(score.parents[3], []).append(score.parent)
    sections = [_section(experiment, decodings) for experiment, decodings in experiments.items()]
    newest = max(scores, key=lambda path: path.stat().st_mtime).with_name("result.json")
    write_text(out, "\n".join([_environment(newest), *sections]))


def one_line(result: Result) -> str:
    """Return a result in words."""
    low, high = result.ci95
    sparsity = "not measured" if result.sparsity_measured is None else f"{result.sparsity_measured:.2%}"
    return printable(
        f"{result.metric.upper()} {result.error_rate:.2%} [{low:.2%}, {high:.2%}] on {result.dataset}, "
        f"{result.method}, sparsity {sparsity}: {result.sub} substitutions, {result.ins} insertions, "
        f"{result.del_} deletions in {result.reference_length} {Metric(result.metric).unit}"
        f"{'' if result.pfer is None else f'; PFER {result.pfer:.2%}'}"
        f"{_merged(result)}"
    )


def row(dataset: str, total: Total) -> str:
    """Return one line of the table; what counts words elsewhere counts the metric's units here."""
    errors = total.substitutions + total.deletions + total.insertions
    shares = [total.correct, total.substitutions, total.deletions, total.insertions, errors]
    cells = [dataset, str(total.sentences), str(total.reference)]
    cells += [f"{100 * share / total.reference:.1f}" for share in shares]
    cells.append(f"{100 * total.sentence_errors / total.sentences:.1f}")
    return f"|{'|'.join(cells)}|\n"


def _section(experiment: Path, decodings: list[Path]) -> str:
    tables: dict[str, str] = {}
    for score in decodings:
        decoding, dataset = score.parts[-3:-1]
        result = Result.read(score / "result.json")
        line = row(f"{decoding}/{dataset}{_merged(result)}", Total(**read_json(score / "counts.json")))
        tables[result.metric] = tables.get(result.metric, HEAD) + line
    compared = as_table(compare_decodings(decodings))
    parts = [*(f"### {metric.upper()}\n\n{rows}" for metric, rows in tables.items()), *([compared] if compared else [])]
    return "\n".join([f"## {experiment}", *parts])


def _merged(result: Result) -> str:
    return f"; {len(result.merges)} scored as others" if result.merges else ""


def _environment(newest: Path) -> str:
    result = Result.read(newest)
    lines = [f"- date: `{time.ctime(newest.stat().st_mtime)}`"]
    lines += [f"- {name} version: `{found}`" for name, found in result.versions.items()]
    lines += [] if result.device is None else [f"- trained on: `{result.device}`"]
    lines.append(f"- Git hash: `{result.git}`")
    return "# RESULTS\n## Environments\n" + "\n".join(lines) + "\n"
