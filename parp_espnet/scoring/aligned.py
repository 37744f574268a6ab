"""Markdown tables: those that read as well on a console, and those whose cells are too
long for it.
"""

from collections.abc import Sequence

from parp_espnet.errors import printable


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its columns padded to the same width; the first row is its head."""
    rows = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = (f"| {' | '.join(map(str.ljust, row, widths))} |\n" for row in rows)
    return "".join([head, f"|{'|'.join('-' * (width + 2) for width in widths)}|\n", *body])


def unaligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are not padded; the first row is its head."""
    head, *body = (f"| {' | '.join(row)} |\n" for row in _cells(rows))
    return "".join([head, f"|{'---|' * len(rows[0])}\n", *body])


def _cells(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cells that leave the table whole, and the terminal as it is: names in them may be
    anybody's.
    """
    return [[printable(cell).replace("|", "\\|") for cell in row] for row in rows]
