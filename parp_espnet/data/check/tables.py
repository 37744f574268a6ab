"""The lines of one file of a data directory, `<id> <value>`, and what is wrong with them."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parp_espnet.data.check.faults import Fault
from parp_espnet.data.lines import INCOMPLETE, Line, add, split_line
from parp_espnet.errors import UserError
from parp_espnet.files import bytes_of
from parp_espnet.names import why_no_id

NAMES = ("wav.scp", "segments", "text", "orig_text", "utt2spk", "utt2lang", "utt2dur")
"""Files with a line for each utterance, or for each recording; spk2utt follows from utt2spk."""
NEEDED = ("wav.scp", "text")

_PHONES = "text"
_MAY_BE_EMPTY = ("text", "orig_text")


@dataclass(frozen=True)
class Table:
    """A file: the value of each id, of the first line that has it, without characters that may not
    be there.
    """

    path: Path
    rows: Mapping[str, str]
    faults: tuple[Fault, ...]


def read_table(path: Path) -> Table:
    """Read a file of a data directory. Raises `UserError` when it cannot be read or is empty."""
    lines = bytes_of(path, INCOMPLETE).split(b"\n")
    reader = _Reader(path)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            reader.read(number, line)
    if not reader.lines:
        raise UserError(
            f"{path}: the file is empty; expected a line for each utterance, found none"
        )
    rows = {key: line.value for key, line in reader.lines.items()}
    return Table(path, rows, tuple(reader.faults))


@dataclass
class _Reader:
    """Lines of a file so far."""

    path: Path
    lines: dict[str, Line] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    number: int = 0
    last: str = ""
    is_sorted: bool = True

    def read(self, number: int, raw: bytes) -> None:
        self.number = number
        pair = split_line(self._clean(self._decode(raw)))
        if pair is None:
            return
        key, value = pair
        problem = add(Line(f"{self.path}:{number}", key, value), self.lines)
        if problem is None:
            self._judge(key, value)
        elif problem.first is None:
            self._add("id", key, problem.expected, repr(key))
        else:
            first = problem.first.value
            same = first == value
            found = "the same line again" if same else f"{value!r} after {first!r}"
            self._add("duplicate", key, "one line for an id", found, mended=same)
        # Python compares by code points, which is the order of UTF-8's bytes.
        if self.is_sorted and key < self.last:
            self.is_sorted = False
            self._add("order", "", "lines sorted by bytes", f"{key} after {self.last}", mended=True)
        self.last = key

    def _judge(self, key: str, value: str) -> None:
        """What is wrong with a value."""
        if not value:
            if self.path.name not in _MAY_BE_EMPTY:
                self._add("line", key, "an id and a value", "an id alone")
        elif self.path.name == "utt2spk":
            expected = why_no_id(value)
            if expected is not None:
                self._add("id", key, f"a speaker's id: {expected}", repr(value))

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.decode("utf-8", errors="backslashreplace")
            self._add(
                "encoding",
                line.split()[0],
                "UTF-8",
                f"byte 0x{raw[error.start]:02X} at {error.start + 1}",
            )
            return line

    def _clean(self, line: str) -> str:
        """The line without the characters that may not be in it; odd spaces become spaces."""
        plain = line.replace("\t", " ")
        # Quick for the usual line, which has none.
        if plain.isprintable() and "\ufffd" not in plain:
            return plain
        odd = dict.fromkeys(_odd(plain, self.path.name))
        for mark in odd:
            plain = plain.replace(mark, " " if unicodedata.category(mark).startswith("Z") else "")
        if odd:
            # What a replacement character stands for is not known.
            mended = "\ufffd" not in odd
            key = next(iter(plain.split()), "")
            self._add("control", key, "printable characters", ", ".join(map(named, odd)), mended)
        return plain

    def _add(self, kind: str, key: str, expected: str, found: str, mended: bool = False) -> None:
        where = f"{self.path}:{self.number}"
        self.faults.append(Fault(kind, str(self.path.parent), key, where, expected, found, mended))


def _odd(line: str, name: str) -> Iterator[str]:
    for mark in line:
        category = unicodedata.category(mark)
        invisible = category[0] == "C" or (category[0] == "Z" and mark != " ")
        # Joiners belong to the spelling of some languages, and odd spaces to the names of some
        # files.
        if category == "Cc" or mark in "\ufffd\ufeff" or (invisible and name == _PHONES):
            yield mark


def named(mark: str) -> str:
    """Return a character as a message shows it, such as "U+00A0 (NO-BREAK SPACE)"."""
    unnamed = "a control character" if unicodedata.category(mark) == "Cc" else "no name"
    return f"U+{ord(mark):04X} ({unicodedata.name(mark, unnamed)})"
