"""Lines `<id> <value>`, of which Kaldi's files are made: text, utt2spk, wav.scp and others.

All of the project reads them here. What is wrong with one is a `Problem`; a reader says what
becomes of it: an error, or a line of a list.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError, printable
from parp_espnet.files import lines_of, text_of
from parp_espnet.names import why_no_id

INCOMPLETE = "no such file; a data directory has wav.scp and text"


@dataclass(frozen=True, slots=True)
class Line:
    """A line: the file and its number there, and its value without white space around it."""

    where: str
    id: str
    value: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line: what was expected of it; the line that has its id before it, or
    None where it can be no id.
    """

    line: Line
    expected: str
    first: Line | None = None

    def __str__(self) -> str:
        line = self.line
        if self.first is None:
            shown = printable(repr(line.id))
            return f"{line.where}: id {shown}: an id must be {self.expected}; give it another"
        return (
            f"{line.where}: {line.id} for the second time; expected {self.expected}, found it "
            f"first in {self.first.where}"
        )


def split_line(text: str) -> tuple[str, str] | None:
    """Return id and value, which may be empty; None for a line of white space."""
    words = text.split(maxsplit=1)
    if not words:
        return None
    return words[0], words[1].strip() if len(words) > 1 else ""


def pairs_of(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield id and value of lines, whatever they are; blank ones are left out."""
    for text in lines:
        pair = split_line(text)
        if pair is not None:
            yield pair


def add(line: Line, gathered: dict[str, Line]) -> Problem | None:
    """Add a line to those before it; return what is wrong with it.

    Of several lines of one id, the first is kept; an id that can be none stays what it is.
    """
    first = gathered.setdefault(line.id, line)
    if first is not line:
        return Problem(line, "an id once", first)
    expected = why_no_id(line.id)
    return None if expected is None else Problem(line, expected)


def gather(lines: Iterable[tuple[str, str]], refuse: Callable[[Problem], None]) -> dict[str, Line]:
    """Return lines by their ids, in order; `refuse` is told what is wrong with one, and may raise.

    Args:
        lines: where each is, and itself; blank ones are left out.
    """
    gathered: dict[str, Line] = {}
    for where, text in lines:
        pair = split_line(text)
        problem = None if pair is None else add(Line(where, *pair), gathered)
        if problem is not None:
            refuse(problem)
    return gathered


def read_lines(
    path: Path, missing: str = INCOMPLETE, *, blank: bool = True, empty: bool = False
) -> dict[str, Line]:
    """Read a file; return its lines by their ids, in order.

    Raises `UserError` when there is no such file, it is no text, or has an id that can be none, or
    twice.

    Args:
        missing: what to say where nothing is there.
        blank: whether there may be blank lines, as there are in what people write.
        empty: whether there may be no line at all.
    """
    lines = lines_of(text_of(path, missing))
    numbered = [(f"{path}, line {number}", line) for number, line in enumerate(lines, start=1)]
    for where, line in numbered:
        if "\0" in line:
            raise UserError(f"{where}: expected text, found a null character")
        if not blank and not line.strip():
            raise UserError(f"{where}: expected an id and a value, found a blank line")
    gathered = gather(numbered, _raise)
    if not gathered and not empty:
        raise UserError(
            f"{path}: the file is empty; expected a line for each utterance, found none"
        )
    return gathered


def read_table(
    path: Path, missing: str = INCOMPLETE, *, blank: bool = True, empty: bool = False
) -> dict[str, str]:
    """Read a file as `read_lines` does; return the values by their ids, in order."""
    lines = read_lines(path, missing, blank=blank, empty=empty)
    return {id_: line.value for id_, line in lines.items()}


def _raise(problem: Problem) -> None:
    raise UserError(str(problem))
