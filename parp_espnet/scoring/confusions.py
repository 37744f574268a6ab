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
    # Anything may be before an insertion.
    said[None] = said.total() - said[None]
    confused = []
    for (reference, hypothesis), times in pairs.items():
        if reference != hypothesis:
            confused.append(
                Confusion(reference or NOTHING, hypothesis or NOTHING, times, said[reference])
            )
    return sorted(confused, key=_place)


def _place(confusion: Confusion) -> tuple[object, ...]:
    """The most frequent is first; of those that are as frequent, insertions are last."""
    inserted = confusion.reference == NOTHING
    return -confusion.count, inserted, confusion.reference, confusion.hypothesis


def as_table(confused: Sequence[Confusion]) -> str:
    """Return confusions as tab-separated lines."""
    table = "\t".join(HEAD) + "\n"
    for confusion in confused:
        phones = f"{confusion.reference}\t{confusion.hypothesis}"
        table += f"{phones}\t{confusion.count}\t{confusion.said}\n"
    return table


def worst(alignments: Mapping[str, Sequence[Pair]], unit: str = "phones", most: int = 20) -> str:
    """Return the utterances with the most errors, aligned in columns; right ones are not among
    them.
    """
    counts = [count(utterance, pairs) for utterance, pairs in alignments.items()]
    ranked = sorted(
        (scored for scored in counts if scored.errors),
        key=lambda scored: (-scored.errors, scored.utterance),
    )
    told = f"{len(ranked)} of {len(counts)} utterances have errors"
    if len(ranked) > most:
        told += f"; the worst {most}"
    told += ":\n"
    for scored in ranked[:most]:
        told += _utterance(scored, alignments[scored.utterance], unit)
    return told


def _utterance(counts: Counts, pairs: Sequence[Pair], unit: str) -> str:
    said: list[str] = []
    heard: list[str] = []
    marks: list[str] = []
    for reference, hypothesis in pairs:
        mark = "" if reference == hypothesis else "^"
        cells = (reference or NOTHING, hypothesis or NOTHING, mark)
        width = max(map(_width, cells))
        for line, cell in zip((said, heard, marks), cells, strict=True):
            line.append(cell + " " * (width - _width(cell)))
    kinds = (
        f"{counts.substitutions} substitutions, {counts.insertions} insertions, "
        f"{counts.deletions} deletions"
    )
    lines = [
        "",
        f"{counts.utterance}: {counts.errors} errors in {counts.reference} {unit} ({kinds})",
        f"  said   {' '.join(said)}".rstrip(),
        f"  heard  {' '.join(heard)}".rstrip(),
        f"         {' '.join(marks)}".rstrip(),
    ]
    return "\n".join(lines) + "\n"


def _width(text: str) -> int:
    """Return how many columns a text takes on a screen; marks stand above the letter
    before them.
    """
    return sum(not unicodedata.combining(character) for character in text)
