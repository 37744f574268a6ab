"""The table of a study, for the console and for RESULTS.md."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean

from parp_espnet.pruning.methods import find_method
from parp_espnet.scoring.result import Result

MADE = "_mask.safetensors"
"""Ends the name of a mask that phn.sh makes (stage 6), after where it comes from."""

HEAD = (
    "language",
    "upstream",
    "method",
    "sparsity",
    "updates",
    "finetunings",
    "PER",
    "95 % interval",
    "against dense",
    "IOU",
    "train s",
)
WHERE_THEY_DIFFER: dict[str, Callable[[Result], object]] = {
    "upstream": lambda result: result.upstream,
    "updates": lambda result: result.updates,
}
"""Columns that stand in the table only when not all results have the same in them."""


def method_of(result: Result) -> str:
    """Return what tables call the method: with where the mask is from, unless it was made for the experiment."""
    if result.initial_mask is None:
        return result.method
    # A mask of a recipe is at egs2/<corpus>/<language>/exp/<tag>/<source>_mask.safetensors.
    mask = Path(result.initial_mask)
    if mask.is_relative_to(result.recipe) and mask.name.endswith(MADE):
        own, source = find_method(result.method).first_mask.name.lower(), mask.name.removesuffix(MADE)
        return result.method if source == own else f"{result.method}, {source} mask"
    source = mask.parts[2] if mask.parts[:1] == ("egs2",) and len(mask.parts) > 3 else mask.name
    return f"{result.method}, mask of {source}"


def table(results: Sequence[Result]) -> str:
    """Return a Markdown table, aligned so that it also reads on a console.

    Each result is compared with the first dense one of its language.
    """
    dense = {result.language: result for result in reversed(results) if result.method == "dense"}
    alike = {name for name, value in WHERE_THEY_DIFFER.items() if len({value(result) for result in results}) == 1}
    columns = [place for place, name in enumerate(HEAD) if name not in alike]
    whole = [HEAD, *(_row(result, dense.get(result.language)) for result in results)]
    rows = [[row[column] for column in columns] for row in whole]
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    head, *body = (
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows
    )
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "".join(f"{line}\n" for line in (head, rule, *body))


def report(name: str, results: Sequence[Result]) -> str:
    """Return RESULTS.md: what was run, the table, means over languages, and how to read it."""
    one = results[0]
    versions = ", ".join(f"{package} {version}" for package, version in one.versions.items())
    return f"""# RESULTS of the study `{name}`

Phone error rates on `{one.dataset}` after finetuning {_all(f"`{r.upstream}`" for r in results)} for
{_all(str(r.updates) for r in results)} updates on {_all(f"{r.train_minutes:g}" for r in results)} minutes of speech,
seed {_all(str(r.seed) for r in results)}. {_nature(results)}

{table(results)}{means(results)}
PER is (substitutions + insertions + deletions) / reference phones, with a bootstrap interval over
utterances. "against dense" is the ratio to the first dense model's PER of the language. IOU compares the kept weights
of the first and the final mask{_random_masks(results)}.

![Phone error rates with their intervals](per.png)

{versions}; commit {one.git}. Command: `./run.sh --profile {name}`.
"""


def means(results: Sequence[Result]) -> str:
    """Return a Markdown table of each arm's mean over its languages; nothing where no arm has more than two.

    An arm is a method, an upstream and a number of updates. Arms can be compared where their languages are the same,
    so each is also shown over the languages that all arms have.
    """
    arms: dict[tuple[str, str, float, int], dict[str, float]] = {}
    for result in results:
        arm = (result.upstream, method_of(result), result.sparsity_target, result.updates)
        arms.setdefault(arm, {})[result.language or ""] = result.error_rate
    if max(map(len, arms.values())) <= 2:
        return ""
    common = set.intersection(*map(set, arms.values()))
    shared = f"mean over {' '.join(sorted(common))}"
    lines = [f"| upstream | method | sparsity | updates | languages | mean PER | {shared} |", f"|{'---|' * 7}"]
    for (upstream, method, sparsity, updates), rates in arms.items():
        cells = [upstream, method, f"{sparsity:g}", str(updates), str(len(rates)), f"{fmean(rates.values()):.4f}"]
        cells.append(f"{fmean(rates[language] for language in common):.4f}" if common else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in ["", *lines])


def _all(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _nature(results: Sequence[Result]) -> str:
    """Say whether the speech is a synthesiser's."""
    synthetic = {result.recipe.startswith("egs2/cldr/") for result in results}
    if synthetic == {False}:
        return "The recordings are of people."
    rest = "nothing here is" if synthetic == {True} else "nothing on it is"
    return f"`cldr` is synthetic speech; {rest} evidence about human speech."


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
        result.upstream,
        method_of(result),
        "" if result.sparsity_measured is None else f"{result.sparsity_measured:.3f}",
        str(result.updates),
        str(result.finetuning_runs),
        f"{result.error_rate:.4f}",
        f"[{low:.4f}, {high:.4f}]",
        ratio,
        "" if result.iou_initial_final is None or result.method == "dense" else f"{result.iou_initial_final:.4f}",
        "" if result.train_seconds is None else f"{result.train_seconds:.0f}",
    )
