"""The table of a study, for the console and for RESULTS.md."""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.scoring.result import Result

HEAD = (
    "language",
    "method",
    "sparsity",
    "finetunings",
    "PER",
    "95 % interval",
    "against dense",
    "IOU",
    "train s",
)


def method_of(result: Result) -> str:
    """Return what tables call the method: with the mask's language where that is another one."""
    if result.initial_mask is None or result.method == "omp":
        return result.method
    # A mask of a recipe is at egs2/<corpus>/<language>/exp/<tag>/<file>.
    parts = Path(result.initial_mask).parts
    source = parts[2] if parts[:1] == ("egs2",) and len(parts) > 3 else Path(result.initial_mask).name
    return f"{result.method}, mask of {source}"


def table(results: Sequence[Result]) -> str:
    """Return a Markdown table, aligned so that it also reads on a console."""
    dense = {result.language: result for result in results if result.method == "dense"}
    rows = [HEAD, *(_row(result, dense.get(result.language)) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    head, *body = (
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows
    )
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "".join(f"{line}\n" for line in (head, rule, *body))


def report(name: str, results: Sequence[Result]) -> str:
    """Return RESULTS.md: what was run, the table, and how to read it."""
    one = results[0]
    versions = ", ".join(f"{package} {version}" for package, version in one.versions.items())
    return f"""# RESULTS of the study `{name}`

Phone error rates on `{one.dataset}` with the upstream `{one.upstream}`: {one.updates} updates on
{one.train_minutes:g} minutes of speech, seed {one.seed}. `cldr` is synthetic speech; nothing here is evidence
about human speech.

{table(results)}
PER is (substitutions + insertions + deletions) / reference phones, with a bootstrap interval over
utterances. "against dense" is the ratio to the dense model's PER. IOU compares the kept weights of the first
and the final mask{_random_masks(results)}.

![Phone error rates with their intervals](per.png)

{versions}; commit {one.git}.
"""


def _random_masks(results: Sequence[Result]) -> str:
    """Say what IOU two random masks have; without it, a measured one says little."""
    sparsities = sorted({result.sparsity_target for result in results if result.sparsity_target > 0})
    random = ", ".join(f"{(1 - s) / (1 + s):.3f} at sparsity {s:g}" for s in sparsities)
    return f"; of two random masks it is {random}" if random else ""


def _row(result: Result, dense: Result | None) -> tuple[str, ...]:
    low, high = result.ci95
    ratio = "" if dense is None or not dense.error_rate else f"{result.error_rate / dense.error_rate:.2f}"
    return (
        result.language or "",
        method_of(result),
        "" if result.sparsity_measured is None else f"{result.sparsity_measured:.3f}",
        str(result.finetuning_runs),
        f"{result.error_rate:.4f}",
        f"[{low:.4f}, {high:.4f}]",
        ratio,
        "" if result.iou_initial_final is None or result.method == "dense" else f"{result.iou_initial_final:.4f}",
        "" if result.train_seconds is None else f"{result.train_seconds:.0f}",
    )
