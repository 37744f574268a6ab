"""Lists of recordings and texts in one file: TSV, CSV, `|`, and JSON lines, each line a recording
or a part of one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from parp_espnet.corpora.column_names import count_known, name_of
from parp_espnet.corpora.columns import Columns, Told, check_values, find_columns
from parp_espnet.corpora.json_lists import JSONS, is_json, rows_of_json
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.rows import SEPARATOR, Row, of_width, read_lines, read_rows
from parp_espnet.errors import UserError
from parp_espnet.sound.channels import is_channel, numbers_of

DELIMITERS: Mapping[str, str] = {".tsv": "\t", ".csv": ",", ".psv": "|", ".txt": "|"}
"""What columns are usually apart by, by the name of the file."""
ENDINGS = (".tsv", ".csv", ".psv", *JSONS)
"""What the names of lists end in; `.txt` is one where the user names the file."""

_LOOKED_AT = 50
"""Lines by which it is seen what columns are apart by."""
_SAME = 0.01
"""Seconds by which two columns of a time may differ: programs round times."""
_ALIKE = 0.5
"""Part of the words as they are printed, in LJSpeech's layout, that are written out the same."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list: where it is, the recording as it is written there, the text, the speaker,
    the part of the recording in seconds, and the set that it says.
    """

    where: str
    audio: str
    text: str
    speaker: str | None = None
    begin: float | None = None
    end: float | None = None
    split: str | None = None
    name: str | None = None
    """Where the list has one of its own."""
    channel: int | None = None
    """Where the recording has several."""

    @property
    def id(self) -> str:
        """A name that no other line has."""
        if self.name:
            return self.name
        name = name_of(self.audio)
        if self.begin is not None:
            name += f"_{self.begin:g}-{self.end or 0:g}"
        return name


@dataclass(frozen=True)
class Entries:
    """The lines that can be read, and those that cannot."""

    entries: Sequence[Entry]
    rejected: Sequence[Reject]


def is_list(path: Path) -> bool:
    """Whether a file's name is that of a list."""
    return path.name.lower().endswith(ENDINGS)


def read_sheet(path: Path, told: Told, resolves: Callable[[str], bool]) -> Entries:
    """Read a list; `resolves` says whether a cell is the name of a recording that is there.

    Raises `UserError` when its columns are neither known nor told, or it cannot be read.
    """
    if is_json(path):
        rows, rejected = rows_of_json(path)
    else:
        delimiter = find_delimiter(path)
        rows, rejected = read_rows(path, delimiter)
    if not rows:
        raise UserError(f"--own {path}: expected lines of audio and text, found an empty table")
    first = rows[0]
    named = is_json(path) or count_known(first.fields) > 0
    columns = find_columns(first.where, first.fields, told, not named and resolves(first.fields[0]))
    if columns.has_header:
        rows = rows[1:]
    rows, odd = of_width(rows, len(first.fields))
    if not columns.has_header and not told.given and _is_ljspeech(rows):
        # As LJSpeech has it: the text as it is printed, and with its numbers and abbreviations
        # written out.
        columns = replace(columns, text=2, speaker=None)
    check_values(first.where, columns, [row.fields for row in rows], told)
    _need_same_times(columns, first, rows)
    entries: list[Entry] = []
    rejected = [*rejected, *odd]
    channels = _channels(rows, columns.channel)
    for row in rows:
        entry, reason = _entry(row, columns, channels)
        if entry is None:
            rejected.append(Reject(row.where, row.fields[columns.audio].strip(), Why.ROW, reason))
        else:
            entries.append(entry)
    return Entries(entries, rejected)


def find_delimiter(path: Path) -> str:
    """Return what the columns of a table are apart by: as its name says, unless its lines say
    something else.

    Spreadsheets write CSV with semicolons or tabs in some countries; LJSpeech's metadata.csv has
    `|`.
    """
    lines = [line for _, line in read_lines(path)[0][:_LOOKED_AT]]
    own = DELIMITERS.get(path.suffix.lower(), ",")
    if not lines:
        return own
    said = SEPARATOR.fullmatch(lines[0].strip())
    if said is not None:
        return said[1]
    best, most_known = own, -1
    for delimiter in dict.fromkeys(("\t", "|", ";", own, ",")):
        has = sum(delimiter in line for line in lines)
        if has >= 0.9 * len(lines):
            known = count_known([cell.strip('" ') for cell in lines[0].split(delimiter)])
            if known > most_known:
                best, most_known = delimiter, known
    return best


def _is_ljspeech(rows: Sequence[Row]) -> bool:
    """Whether the second and the third column are two ways to write the same."""
    if not rows or len(rows[0].fields) != 3:
        return False
    return median(_in_common(row.fields[1], row.fields[2]) for row in rows) >= _ALIKE


def _in_common(printed: str, other: str) -> float:
    words = _words(printed)
    # Not of the other: numbers written out are many words, and a speaker called M, who is no text
    # however many texts have an m, is one.
    return len(words & _words(other)) / max(1, len(words))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _entry(row: Row, columns: Columns, channels: Mapping[str, int]) -> tuple[Entry | None, str]:
    """A row as an entry, or why it is none."""

    def cell(place: int | None) -> str:
        return "" if place is None else " ".join(row.fields[place].split())

    audio = row.fields[columns.audio].strip()
    if not audio:
        return None, "expected a recording, found none"
    units = {"begin": 1, "end": 1, "duration": 1}
    units |= dict.fromkeys(columns.in_milliseconds, 1000)
    try:
        begin, end = _part(cell(columns.begin), cell(columns.end), cell(columns.duration), units)
    except ValueError as error:
        return None, str(error)
    split = cell(columns.split).lower() or None
    entry = Entry(
        row.where, audio, cell(columns.text), cell(columns.speaker) or None, begin, end, split
    )
    return replace(entry, channel=channels.get(cell(columns.channel).upper())), ""


def _need_same_times(columns: Columns, first: Row, rows: Sequence[Row]) -> None:
    """Raise `UserError` where two columns of a time do not say the same: nobody knows which one is
    right.
    """
    own = {"begin": columns.begin, "end": columns.end, "duration": columns.duration}
    for other in columns.others:
        place = own[other.role]
        assert place is not None
        for row in rows:
            cells = row.fields[place].strip(), row.fields[other.place].strip()
            try:
                time = _seconds(cells[0]) / (1000 if other.role in columns.in_milliseconds else 1)
                again = _seconds(cells[1]) / (1000 if other.in_milliseconds else 1)
            except ValueError:
                continue
            if abs(time - again) > _SAME:
                name = " ".join(first.fields[place].split())
                raise UserError(
                    f"{row.where}: expected one time of the {other.role}, found {cells[0]} in "
                    f"{name} and {cells[1]} in {' '.join(other.name.split())}; leave one of these "
                    f"columns out of the table"
                )


def _part(
    begin: str, end: str, duration: str, units: Mapping[str, int]
) -> tuple[float | None, float | None]:
    """The part of a recording in seconds; all of it where no begin and no end is given, and up to
    its end for an end of -1, as Kaldi has it. `units` are how many of them make a second. Raises
    `ValueError`.
    """
    if not begin:
        _need_no_end(end, units)
        return None, None
    try:
        first = _seconds(begin) / units["begin"]
        last = None
        if end:
            last = _seconds(end) / units["end"]
        elif duration:
            last = first + _seconds(duration) / units["duration"]
    except ValueError:
        raise ValueError(
            f"expected seconds, found {begin} and {end or duration or 'nothing'}"
        ) from None
    if last is None and first > 0:
        raise ValueError(f"expected an end or a duration of what begins at {first:g} s, found none")
    if last is None or (end and _seconds(end) == -1 and 0 <= first < float("inf")):
        return (first, None) if first else (None, None)
    if not 0 <= first < last < float("inf"):
        raise ValueError(f"expected a part from 0 s on, found {first:g} to {last:g} s")
    return first, last


def _need_no_end(end: str, units: Mapping[str, int]) -> None:
    """Raise `ValueError` where a part ends somewhere, and does not say where it begins."""
    try:
        last = _seconds(end) / units["end"] if end else -1.0
    except ValueError:
        return
    if last >= 0:
        raise ValueError(f"expected a begin of what ends at {last:g} s, found none")


def _seconds(time: str) -> float:
    """A time in seconds, with a point or a comma, or as a clock shows it, such as 1:02:03.5. Raises
    `ValueError`.
    """
    *larger, smallest = time.split(":")
    if len(larger) > 2 or not all(map(str.isdecimal, larger)):
        raise ValueError(time)
    seconds = float(smallest.replace(",", "."))
    if larger and not 0 <= seconds < 60:
        raise ValueError(time)
    for place, word in enumerate(reversed(larger), start=1):
        seconds += 60**place * int(word)
    return seconds


def _channels(rows: Sequence[Row], place: int | None) -> Mapping[str, int]:
    """The channel (0 is the first) that each word of a column means; none where the column is of
    something else.
    """
    if place is None:
        return {}
    words = {row.fields[place].strip().upper() for row in rows}
    words.discard("")
    sides = {"L": 0, "LEFT": 0, "R": 1, "RIGHT": 1}
    if words <= sides.keys():
        return sides
    if all(is_channel(word) and len(word) <= 2 for word in words):
        return numbers_of(words)
    return {}
