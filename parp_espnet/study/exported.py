"""What exports weigh, take and get wrong: a table beside that of the results."""

from collections.abc import Iterator, Sequence
from itertools import compress

from parp_espnet.export.costs import Measured
from parp_espnet.scoring.aligned import markdown
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of
from parp_espnet.study.names import rate_of
from parp_espnet.study.variants import Differences

HEAD = ("language", "upstream", "method", "sparsity", "seed", "updates")
"""Columns that say which experiment it is; those that are everywhere the same are left out."""


def exports_of(result: Result) -> list[Measured]:
    """What was measured of a result's exports; nothing where nothing was asked for."""
    return [Measured(**entry) for entry in result.exports or []]  # type: ignore[arg-type]


def exported(results: Sequence[Result]) -> str:
    """Return a Markdown table with a line for each file of each experiment's exports, and what it
    is of; nothing where there are none.
    """
    lines = list(_lines(results))
    if not lines:
        return ""
    apart = Differences.of(results).names
    head = (*HEAD, *apart, "exported as", "MB", "ms", rate_of(results).short)
    varies = []
    for column in zip(*lines, strict=True):
        varies.append(len(set(column)) > 1)
    always = len(HEAD) + len(apart)
    shown = [*varies[:always], True, True, True, True]
    rows = [tuple(compress(line, shown)) for line in (head, *lines)]
    return f"\n{markdown(rows)}\n{_how(results)}\n"


def _lines(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    apart = Differences.of(results)
    for result in results:
        experiment = (
            result.language or "",
            result.upstream,
            arm_of(result).label,
            f"{result.sparsity_target:g}",
            str(result.seed),
            str(result.updates),
            *apart.values(result),
        )
        for measured in exports_of(result):
            yield (
                *experiment,
                measured.name,
                f"{measured.bytes / 1e6:.2f}",
                f"{measured.milliseconds:.1f}",
                f"{measured.error_rate:.4f}",
            )


def _how(results: Sequence[Result]) -> str:
    """Say how it was measured, and on what."""
    processors: dict[str, None] = {}
    for result in results:
        for measured in exports_of(result):
            processors[measured.processor] = None
    return (
        f"MB is the size of the model's file, ms what one thread of {', '.join(processors)} takes "
        f"for a "
        f"second of speech; files of little precision that the validation set tells to be another "
        f"model are not exported."
    )
