"""Tables of a corpus, in TSV or CSV, as they are found: with CRLF, byte order marks, odd quotes and
broken lines.

A tab, and a |, ends a field whatever quotes there are, since many releases have single ones; a
field that is quoted as a whole, as Python's csv module writes it, is unquoted. A quoted field may
go on in the lines below, as spreadsheets write a cell of several lines; where it does not seem to
be quoted, the row is left out, and said to be.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parp_espnet.corpora.column_names import is_recording
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.errors import UserError
from parp_espnet.files import bytes_of

SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?,*", re.IGNORECASE)
"""The first line of some of Excel's tables: what columns are apart by."""
MOST_LINES = 200
"""Lines that a cell may have."""


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
        for name in names:
            if name not in self.header:
                found = ", ".join(self.header[:8]) or "an empty file"
                raise UserError(
                    f"{self.path}: expected the columns {', '.join(names)}, found {found} (no "
                    f"{name})"
                )
        return list(map(self.header.index, names))


def read_lines(path: Path) -> tuple[list[tuple[str, str]], list[Reject]]:
    """Read the lines of a file that are not blank, each with where it is. Raises `UserError` when
    it cannot be read.
    """
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
    """Read the rows of a table, the first included. Raises `UserError` when the file cannot be
    read.
    """
    lines, rejected = read_lines(path)
    if lines and SEPARATOR.fullmatch(lines[0][1].strip()):
        lines = lines[1:]
    rows: list[Row] = []
    place = 0
    while place < len(lines):
        where, text = lines[place]
        width = len(rows[0].fields) if rows else None
        taken = 1
        if _is_open(lines, place, delimiter, width):
            fields, taken = _join(lines, place, delimiter, width)
        else:
            fields = tuple(_fields(text, delimiter))
        if fields and (not rows or any(map(str.strip, fields))):
            rows.append(Row(where, fields))
        elif not fields:
            reason = (
                "expected a cell that is closed by a quote, found none where it may end; "
                "write it in one line"
            )
            rejected.append(Reject(where, text.partition(delimiter)[0][:80], Why.ROW, reason))
        place += taken
    return rows, rejected


def read_table(path: Path, delimiter: str = "\t") -> Table:
    """Read a table whose first line names its columns.

    Lines with another number of fields are rejected. Raises `UserError` when the file cannot be
    read.
    """
    rows, rejected = read_rows(path, delimiter)
    header = tuple(field.strip().lower() for field in rows[0].fields) if rows else ()
    whole, odd = of_width(rows[1:], len(header))
    return Table(path, header, whole, [*rejected, *odd])


def of_width(rows: Sequence[Row], width: int) -> tuple[list[Row], list[Reject]]:
    """Return the rows with so many fields, and the others as rejects.

    So is a row whose last cell seems to go on in the line below, which is one field and names no
    recording.
    """
    whole: list[Row] = []
    odd: list[Reject] = []
    for row, above in zip(rows, [None, *rows], strict=False):
        if len(row.fields) == width:
            whole.append(row)
            continue
        reason = f"expected {width} fields, found {len(row.fields)}"
        odd.append(Reject(row.where, row.fields[0], Why.ROW, reason))
        goes_on = len(row.fields) == 1 and not is_recording(row.fields[0])
        if goes_on and whole and whole[-1] is above:
            del whole[-1]
            found = f"one that seems to go on in the line below ({row.fields[0]!r})"
            reason = (
                f"expected a row in one line, found {found}; put quotes around a cell of two lines"
            )
            odd.append(Reject(above.where, above.fields[0], Why.ROW, reason))
    return whole, odd


def _lines(path: Path) -> Iterator[bytes]:
    content = bytes_of(path)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # What Excel calls Unicode text.
        content = content.decode("utf-16", errors="replace").encode()
    end = b"\r" if b"\n" not in content else b"\n"
    for line in content.split(end):
        yield line.rstrip(b"\r\n")


def _is_open(
    lines: Sequence[tuple[str, str]], place: int, delimiter: str, width: int | None
) -> bool:
    """Whether the last field of a line is quoted, and not closed in that line."""
    text = lines[place][1]
    if '"' not in text:
        return False
    if delimiter not in UNQUOTED:
        try:
            next(_reader([text], delimiter), [])
        except csv.Error as error:
            return "end of data" in str(error)
        return False
    fields = text.split(delimiter)
    last = fields[-1]
    if not last.startswith('"') or last.count('"') % 2 == 0:
        return False
    # A single quote may stand before a whole field, too.
    if width is None or len(fields) < width or place + 1 == len(lines):
        return width is not None and len(fields) < width
    below = lines[place + 1][1].split(delimiter)
    return len(below) < width


def _join(
    lines: Sequence[tuple[str, str]], place: int, delimiter: str, width: int | None
) -> tuple[tuple[str, ...], int]:
    """The row that begins in a line and ends in one below it, and how many lines it has; none where
    it has no end.
    """
    some = [f"{text}\n" for _, text in lines[place : place + MOST_LINES]]
    reader = _reader(some, delimiter)
    try:
        fields = tuple(next(reader))
    except (csv.Error, StopIteration):
        fields = ()
    # A quote that stands alone would take in the rows below it.
    cells: list[str] = []
    for field in fields:
        if "\n" in field:
            cells += field.replace("\n", delimiter).split(delimiter)
    others = any(map(is_recording, cells))
    if fields and not others and (width is None or len(fields) == width):
        return fields, reader.line_num
    if delimiter not in UNQUOTED:
        return (), 1
    return tuple(_fields(lines[place][1], delimiter)), 1


UNQUOTED = ("\t", "|")
"""Delimiters that end a field whatever quotes there are."""


def _reader(lines: Iterable[str], delimiter: str) -> Any:
    # A quote may stand behind a space, too; cells are stripped anyway.
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter in UNQUOTED:
        return [_unquoted(field) for field in line.split(delimiter)]
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _unquoted(field: str) -> str:
    if len(field) < 2 or not field.startswith('"') or not field.endswith('"'):
        return field
    inner = field[1:-1]
    if '"' in inner.replace('""', ""):
        return field
    return inner.replace('""', '"')
