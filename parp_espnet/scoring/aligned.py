"""Markdown tables: those that read as well on a console, and those whose cells are too
long for it.
"""

from collections.abc import Sequence

from parp_espnet.errors import printable


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its columns padded to the same width; the first row is its head."""
    cells = _cells(rows)
    widths = _widths(cells)
    rule = ["-" * (width + 2) for width in widths]
    lines = []
    for row in cells:
        lines.append(f"| {' | '.join(map(str.ljust, row, widths))} |\n")
    lines.insert(1, f"|{'|'.join(rule)}|\n")
    return "".join(lines)


def unaligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are not padded; the first row is its head."""
    head, *body = _cells(rows)
    table = f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for row in body:
        table += f"| {' | '.join(row)} |\n"
    return table


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a line for each row, its columns padded to the same width: a table for a console."""
    widths = _widths(rows)
    lines = []
    for row in rows:
        lines.append("  ".join(map(str.ljust, row, widths)).rstrip())
    return "\n".join(lines)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _cells(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cells that leave the table whole, and the terminal as it is: names in them may be
    anybody's.
    """
    cells = []
    for row in rows:
        cells.append([printable(cell).replace("|", "\\|") for cell in row])
    return cells
