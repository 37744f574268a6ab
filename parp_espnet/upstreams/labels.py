"""Which row of a head that is there each token of another begins with: of the same phone, else of
the nearest.

Nearness is panphon's: how many of the features of its segments differ, as PFER counts. Of two of
which panphon does not know one as it is, such as á, what is compared has no marks of tone and
length. Labels that are no phones, such as <unk> or a tone alone, have rows of the same label alone.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.phones.spelled import SPACE
from parp_espnet.scoring.alignment import canonical
from parp_espnet.scoring.features import difference
from parp_espnet.scoring.marks import without_marks
from parp_espnet.upstreams.starts import NEAREST

LABELS = "labels"
"""Its metadata: what its rows are of, as JSON."""
BLANK, UNKNOWN, END = "<blank>", "<unk>", "<sos/eos>"
NO_PHONES = (BLANK, UNKNOWN, END, SPACE, "")
SHOWN = 8


@dataclass(frozen=True)
class Row:
    """What a token's row begins with."""

    token: str
    source: str | None
    """The label whose row it is; None where it is drawn."""
    place: int = -1
    """The number of that row."""
    differs: int = 0
    """In how many features, 24 a segment."""
    shared: bool = False
    """Whether another token that is nearer begins with the same row."""

    @property
    def is_equal(self) -> bool:
        """Whether the row is of the same phone."""
        return self.source is not None and _spelled(self.source) == _spelled(self.token)


def read_labels(file: Path) -> tuple[str, ...]:
    """Return what the rows of a head are of, without loading it. Raises `UserError`."""
    try:
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header: Any = json.loads(opened.read(min(length, 1 << 26)))
        return tuple(map(str, json.loads(header["__metadata__"][LABELS])))
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        raise UserError(
            f"{file}: expected the head of an upstream, found something else; run stage 5 again"
        ) from None


def match(labels: Sequence[str], tokens: Sequence[str], how: str, where: str) -> list[Row]:
    """Return what the row of each token begins with.

    Args:
        labels: what the rows are of that are there.
        tokens: of the new head.
        how: `starts.NEAREST`, or `starts.EQUAL` for rows of equal phones alone.
        where: what begins the error.

    Raises `UserError` where no phone of the new head is among the labels.
    """
    places: dict[str, int] = {}
    for place, label in enumerate(labels):
        places.setdefault(_spelled(label), place)
    rows = []
    for token in tokens:
        equal = places.get(_spelled(token))
        if equal is not None and token:
            rows.append(Row(token, labels[equal], equal))
        else:
            rows.append(_nearest(token, labels) if how == NEAREST else Row(token, None))
    _check(rows, labels, where)
    return _with_shared(rows)


def describe(rows: Sequence[Row]) -> str:
    """Return in words which rows are of what."""
    equal = [row for row in rows if row.is_equal]
    drawn = [row.token for row in rows if row.source is None]
    nearest = []
    for row in rows:
        if row.source is not None and not row.is_equal:
            nearest.append(f"{row.token} of {row.source}")
    words = [f"{len(equal)} of {len(rows)} rows are of equal labels"]
    words += [f"{len(nearest)} of the nearest phone: {', '.join(nearest)}"] if nearest else []
    words += [f"{len(drawn)} drawn: {' '.join(drawn)}"] if drawn else []
    return "; ".join(words)


def _spelled(label: str) -> str:
    (decomposed,) = canonical((label,))
    return decomposed.replace("g", "ɡ") if len(label) < 4 else decomposed


def _nearest(token: str, labels: Sequence[str]) -> Row:
    """The row of the label with the fewest other features; the first of several."""
    best = Row(token, None)
    if token in NO_PHONES:
        return best
    for place, label in enumerate(labels):
        if label in NO_PHONES:
            continue
        differs = _difference(token, label)
        if differs is None:
            continue
        if best.source is None or differs < best.differs:
            best = Row(token, label, place, differs)
    return best


def _difference(token: str, label: str) -> int | None:
    bare, bare_label = without_marks((token,)), without_marks((label,))
    if not bare or not bare_label:
        # A tone that is a token of its own: to panphon a segment, and as near to a vowel as others.
        return None
    differs = difference(token, label)
    if differs is None:
        # panphon knows tones as letters (a˥), and none above a vowel or by number.
        differs = difference(*bare, *bare_label)
    return differs


def _check(rows: Sequence[Row], labels: Sequence[str], where: str) -> None:
    phones = [row.token for row in rows if row.token not in NO_PHONES]
    if not any(row.is_equal and row.token in phones for row in rows):
        known = [label for label in labels if label not in NO_PHONES]
        raise UserError(
            f"{where}: expected a head for some of the language's phones "
            f"({' '.join(phones[:SHOWN])} …), found none of them among its {len(known)} labels "
            f"({' '.join(known[:SHOWN])} …); take --init_head none, or another upstream"
        )


def _with_shared(rows: Sequence[Row]) -> list[Row]:
    """Of several tokens with one row, all but the nearest are told."""
    order = sorted(range(len(rows)), key=lambda number: _order(rows[number]))
    behind = set()
    for before, after in pairwise(order):
        if rows[after].source is not None and rows[before].place == rows[after].place:
            behind.add(after)
    told = []
    for number, row in enumerate(rows):
        is_shared = number in behind
        told.append(Row(row.token, row.source, row.place, row.differs, is_shared))
    return told


def _order(row: Row) -> tuple[int, bool, int]:
    return row.place, not row.is_equal, row.differs
