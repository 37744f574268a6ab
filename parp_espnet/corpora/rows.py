"""Tables of a corpus, in TSV or CSV, as they are found: with CRLF, byte order marks, odd quotes and broken lines.

A tab ends a field of a TSV whatever quotes there are, since many releases have single ones; a field that is quoted as
a whole, as Python's csv module writes it, is unquoted.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.errors import UserError


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: the file and its line, and its fields."""

    where: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table, with the name of each column in lower case, and the lines that could not be read."""

    path: Path
    header: tuple[str, ...]
    rows: Sequence[Row]
    rejected: Sequence[Reject]

    def columns(self, names: Sequence[str]) -> list[int]:
        """Return the places of columns. Raises `UserError` when one is not there."""
        if lacking := [name for name in names if name not in self.header]:
            found = ", ".join(self.header[:8]) or "an empty file"
            raise UserError(f"{self.path}: expected the columns {', '.join(names)}, found {found} (no {lacking[0]})")
        return [self.header.index(name) for name in names]


def read_lines(path: Path) -> tuple[list[tuple[str, str]], list[Reject]]:
    """Read the lines of a file that are not blank, each with where it is. Raises `UserError` when it cannot be read."""
    lines: list[tuple[str, str]] = []
    rejected: list[Reject] = []
    for number, line in enumerate(_lines(path), start=1):
        where = f"{path}:{number}"
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            found = f"byte 0x{line[error.start]:02X} at {error.start + 1}"
            rejected.append(Reject(where, "", Why.ROW, f"expected UTF-8, found {found}"))
            continue
        if text.strip():
            lines.append((where, text))
    return lines, rejected


def read_rows(path: Path, delimiter: str) -> tuple[list[Row], list[Reject]]:
    """Read the lines of a table, the first included. Raises `UserError` when the file cannot be read."""
    lines, rejected = read_lines(path)
    return [Row(where, tuple(_fields(text, delimiter))) for where, text in lines], rejected


def read_table(path: Path, delimiter: str = "\t") -> Table:
    """Read a table whose first line names its columns.

    Lines with another number of fields are rejected. Raises `UserError` when the file cannot be read.
    """
    rows, rejected = read_rows(path, delimiter)
    header = tuple(field.strip().lower() for field in rows[0].fields) if rows else ()
    whole, odd = of_width(rows[1:], len(header))
    return Table(path, header, whole, [*rejected, *odd])


def of_width(rows: Sequence[Row], width: int) -> tuple[list[Row], list[Reject]]:
    """Return the rows with so many fields, and the others as rejects."""
    whole, odd = [], []
    for row in rows:
        if len(row.fields) == width:
            whole.append(row)
        else:
            reason = f"expected {width} fields, found {len(row.fields)}"
            odd.append(Reject(row.where, row.fields[0], Why.ROW, reason))
    return whole, odd


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\r\n")
    except OSError as error:
        raise UserError(f"{path}: cannot read this table ({error.strerror})") from None


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        return [_unquoted(field) for field in line.split("\t")]
    return next(csv.reader([line], delimiter=delimiter), [])


def _unquoted(field: str) -> str:
    if len(field) < 2 or not field.startswith('"') or not field.endswith('"'):
        return field
    inner = field[1:-1]
    return inner.replace('""', '"') if '"' not in inner.replace('""', "") else field
