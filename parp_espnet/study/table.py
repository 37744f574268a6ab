"""The table of a study, for the console and for RESULTS.md, and the means over its languages."""

from collections.abc import Callable, Sequence
from itertools import compress
from statistics import fmean

from parp_espnet.scoring.aligned import markdown, unaligned
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of, is_joint, is_total
from parp_espnet.study.names import decoding_of, decodings, is_text, method_of, rate_of, scores_of
from parp_espnet.study.variants import Differences, Intervals

RATE = "error rate"
HEAD = (
    "language",
    "upstream",
    "method",
    "n",
    "sparsity",
    "seed",
    "updates",
    "frozen",
    "finetunings",
    "decoding",
    RATE,
    "95 % interval",
    "scores",
    "against dense",
    "IOU",
    "train s",
)
WHERE_THEY_DIFFER: dict[str, Callable[[Result], object]] = {
    "upstream": lambda result: result.upstream,
    # What does not adjust has none.
    "n": lambda result: result.interval,
    "seed": lambda result: result.seed,
    "updates": lambda result: result.updates,
    "frozen": lambda result: result.freeze_updates,
    "decoding": decoding_of,
    # Speech has none.
    "scores": scores_of,
}
"""Columns that stand in the table only when not all results have the same in them.

Whatever else differs, `Differences` finds, and has a column of its own before that of the
finetunings.
"""
BEFORE = HEAD.index("finetunings")


def table(results: Sequence[Result]) -> str:
    """Return a Markdown table, aligned so that it also reads on a console.

    Each result is compared with the first dense one of its language that was trained and decoded
    alike, those of joint runs with a joint run's.
    """
    shown = [_is_shown(name, results) for name in head(results)]
    lines = [head(results), *rows(results)]
    return markdown([tuple(compress(line, shown)) for line in lines])


def _is_shown(column: str, results: Sequence[Result]) -> bool:
    if column not in WHERE_THEY_DIFFER:
        return True
    values = set(map(WHERE_THEY_DIFFER[column], results)) - {None}
    return len(values) > 1 or (column == "scores" and values != {""})


def head(results: Sequence[Result]) -> tuple[str, ...]:
    """Return `HEAD` with what else differs, in which the error rate has the name of its metric."""
    named = [rate_of(results).short if name == RATE else name for name in HEAD]
    return (*named[:BEFORE], *Differences.of(results).names, *named[BEFORE:])


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the cells of each result under `head`; each is compared as in `table`."""
    apart = Differences.of(results)
    dense: dict[tuple[object, ...], Result] = {}
    for result in results:
        arm = arm_of(result)
        if arm.is_dense and not arm.zero_shot:
            dense.setdefault(_where(result, apart), result)
    return [_row(result, dense.get(_where(result, apart)), apart) for result in results]


def _where(result: Result, apart: Differences) -> tuple[object, ...]:
    return result.language, decoding_of(result), is_joint(result), apart.others(result)


def means(results: Sequence[Result]) -> str:
    """Return a Markdown table of each arm's mean over its languages; nothing where no arm has more
    than two.

    An arm is a method, an upstream, a number of updates, frozen ones of them, a decoding, and
    whatever else differs. Seeds of a language count as their mean. Arms can be compared where their
    languages are the same, so each is also shown over the languages that all arms have, if there
    are any.
    """
    arms: dict[tuple[str, str, float, int], dict[str, list[float]]] = {}
    several = len(decodings(results)) > 1
    intervals = Intervals.of(results)
    apart = Differences.of(results)
    for result in results:
        if is_total(result):
            continue
        told = [method_of(result), intervals.word(result), apart.all(result)]
        if result.freeze_updates:
            told.append(f"{result.freeze_updates} frozen updates")
        if several:
            told.append(decoding_of(result))
        called = ", ".join(filter(None, told))
        arm = result.upstream, called, result.sparsity_target, result.updates
        arms.setdefault(arm, {}).setdefault(result.language or "", []).append(result.error_rate)
    if max(map(len, arms.values()), default=0) <= 2:
        return ""
    common = set.intersection(*map(set, arms.values()))
    languages = "tasks" if is_text(results) else "languages"
    rate = f"mean {rate_of(results).short}"
    head = ["upstream", "method", "sparsity", "updates", languages, rate]
    if common:
        head.append(f"mean over {' '.join(sorted(common))}")
    lines = [head]
    for (upstream, called, sparsity, updates), seeds in arms.items():
        rates = {language: fmean(own) for language, own in seeds.items()}
        mean = f"{fmean(rates.values()):.4f}"
        cells = [upstream, called, f"{sparsity:g}", str(updates), str(len(rates)), mean]
        if common:
            cells.append(f"{fmean(rates[language] for language in common):.4f}")
        lines.append(cells)
    return f"\n{unaligned(lines)}"


def _row(result: Result, dense: Result | None, apart: Differences) -> tuple[str, ...]:
    low, high = result.ci95
    ratio = iou = ""
    if dense is not None and dense.error_rate:
        ratio = f"{result.error_rate / dense.error_rate:.2f}"
    if result.iou_initial_final is not None and arm_of(result).prunes:
        iou = f"{result.iou_initial_final:.4f}"
    return (
        result.language or "",
        result.upstream,
        method_of(result),
        _spelled(result.interval, ""),
        _spelled(result.sparsity_measured, ".3f"),
        str(result.seed),
        str(result.updates),
        str(result.freeze_updates),
        *apart.values(result),
        str(result.finetuning_runs),
        decoding_of(result),
        f"{result.error_rate:.4f}",
        f"[{low:.4f}, {high:.4f}]",
        scores_of(result),
        ratio,
        iou,
        _spelled(result.train_seconds, ".0f"),
    )


def _spelled(value: float | None, how: str) -> str:
    """A number in a cell, which is empty where there is none."""
    return "" if value is None else format(value, how)
