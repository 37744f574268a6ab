"""What goes wrong: which phones are taken for which, and in which utterances the most."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from parp_espnet.scoring.alignment import Pair
from parp_espnet.scoring.per import Counts, count

NOTHING = "***"
"""Stands for the phone that is not there: heard instead of a deleted one, said instead of an
inserted one. So it does in NIST's reports, and no phone or letter looks like it.
"""

HEAD = ("reference", "hypothesis", "count", "said")


@dataclass(frozen=True)
class Confusion:
    """`reference` was heard as `hypothesis` `count` times, and said `said` times in all.

    One of the two is `NOTHING` where phones were deleted or inserted; `said` is then of all phones
    for an insertion.
    """

    reference: str
    hypothesis: str
    count: int
    said: int


def confusions(alignments: Iterable[Sequence[Pair]]) -> list[Confusion]:
    """Count all errors of a set by their phones, the most frequent first."""
    pairs = Counter(chain.from_iterable(alignments))
    said: Counter[str | None] = Counter()
    for (reference, _), times in pairs.items():
        said[reference] += times
    whole = sum(times for reference, times in said.items() if reference is not None)
    confused = [
        Confusion(
            reference or NOTHING,
            hypothesis or NOTHING,
            times,
            whole if reference is None else said[reference],
        )
        for (reference, hypothesis), times in pairs.items()
        if reference != hypothesis
    ]
    return sorted(
        confused,
        key=lambda confusion: (
            -confusion.count,
            confusion.reference == NOTHING,
            confusion.reference,
            confusion.hypothesis,
        ),
    )


def as_table(confused: Sequence[Confusion]) -> str:
    """Return confusions as tab-separated lines."""
    rows = [
        (confusion.reference, confusion.hypothesis, str(confusion.count), str(confusion.said))
        for confusion in confused
    ]
    return "".join("\t".join(row) + "\n" for row in (HEAD, *rows))


def worst(alignments: Mapping[str, Sequence[Pair]], unit: str = "phones", most: int = 20) -> str:
    """Return the utterances with the most errors, aligned in columns; right ones are not among
    them.
    """
    counts = [count(utterance, pairs) for utterance, pairs in alignments.items()]
    ranked = sorted(
        (scored for scored in counts if scored.errors),
        key=lambda scored: (-scored.errors, scored.utterance),
    )
    wrong = f"{len(ranked)} of {len(counts)} utterances have errors"
    head = f"{wrong}; the worst {most}:" if len(ranked) > most else f"{wrong}:"
    return (
        "\n".join(
            [
                head,
                *(
                    _utterance(scored, alignments[scored.utterance], unit)
                    for scored in ranked[:most]
                ),
            ]
        )
        + "\n"
    )


def _utterance(counts: Counts, pairs: Sequence[Pair], unit: str) -> str:
    said: list[str] = []
    heard: list[str] = []
    marks: list[str] = []
    for reference, hypothesis in pairs:
        cells = (
            reference or NOTHING,
            hypothesis or NOTHING,
            "" if reference == hypothesis else "^",
        )
        width = max(map(_width, cells))
        for line, cell in zip((said, heard, marks), cells, strict=True):
            line.append(cell + " " * (width - _width(cell)))
    kinds = (
        f"{counts.substitutions} substitutions, {counts.insertions} insertions, "
        f"{counts.deletions} deletions"
    )
    return "\n".join(
        [
            f"\n{counts.utterance}: {counts.errors} errors in {counts.reference} {unit} ({kinds})",
            f"  said   {' '.join(said)}".rstrip(),
            f"  heard  {' '.join(heard)}".rstrip(),
            f"         {' '.join(marks)}".rstrip(),
        ]
    )


def _width(text: str) -> int:
    """Return how many columns a text takes on a screen; marks stand above the letter
    before them.
    """
    return sum(not unicodedata.combining(character) for character in text)
