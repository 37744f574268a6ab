"""Phones that are scored as one, by a table that the user gives: nothing is merged otherwise.

A line of the table is `from to`, two phones with white space between them; lines that begin with #
are remarks.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of
from parp_espnet.scoring.alignment import Phones, canonical


def read_merges(path: Path) -> dict[str, str]:
    """Read a table, in canonical decomposition.

    Raises `UserError` when it is missing, empty or malformed, or a phone has two targets or one
    that is itself merged.
    """
    lines = lines_of(text_of(path, "no such file; expected the table of merged phones"))
    table: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        phones = canonical(line.split())
        if len(phones) != 2 or phones[0] == phones[1]:
            raise UserError(
                f"{path}, line {number}: expected two different phones, from and to, found {line!r}"
            )
        if phones[0] in table:
            raise UserError(f"{path}, line {number}: {phones[0]} for the second time")
        table[phones[0]] = phones[1]
    if not table:
        raise UserError(f"{path}: expected lines of two phones, from and to, found none")
    for target in table.values():
        if target in table:
            raise UserError(
                f"{path}: {target} is merged and merged into; say where each phone ends up"
            )
    return table


def merge(table: Mapping[str, str], utterances: Mapping[str, Phones]) -> dict[str, Phones]:
    """Return the utterances in canonical decomposition with merged phones; with an empty table none
    is.
    """
    merged = {}
    for name, phones in utterances.items():
        merged[name] = tuple(table.get(phone, phone) for phone in canonical(phones))
    return merged


def describe_merges(
    table: Mapping[str, str], references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]
) -> str:
    """Return the table with how often it applies to what was said and what was heard, for the
    console.
    """
    said = Counter(chain.from_iterable(map(canonical, references.values())))
    heard = Counter(chain.from_iterable(map(canonical, hypotheses.values())))
    lines = ["scored as one:"]
    for source, target in table.items():
        lines.append(f"  {source} → {target}: {said[source]} said, {heard[source]} heard")
    return "\n".join(lines)
