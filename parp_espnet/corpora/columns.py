"""Which column of a table is the recording, which the text, which the speaker: by names that are
known, or told.

Nothing is guessed: a table whose columns are not known, or where two may be the text, is refused
with what is known and with the options that say it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from parp_espnet.corpora.column_names import (
    KNOWN,
    LESS_KNOWN,
    MILLISECONDS,
    ROLES,
    is_recording,
    squeezed,
)
from parp_espnet.errors import UserError


@dataclass(frozen=True)
class Told:
    """What the user says of a table: the name of a column, or its number from 1; and of files of
    tiers: the tier's name. None where nothing is said.

    Attributes:
        as_praat: whether TextGrids of mp3s have the times that Praat shows (`sound.mp3`).
    """

    audio: str | None = None
    text: str | None = None
    speaker: str | None = None
    tier: str | None = None
    as_praat: bool = False

    @property
    def given(self) -> dict[str, str]:
        """The roles that have a column."""
        values = {"audio": self.audio, "text": self.text, "speaker": self.speaker}
        return {role: value for role, value in values.items() if value is not None}


@dataclass(frozen=True)
class Columns:
    """Where in a row each thing is; `has_header` says whether the first row names the columns."""

    has_header: bool
    audio: int
    text: int
    speaker: int | None = None
    begin: int | None = None
    end: int | None = None
    duration: int | None = None
    split: int | None = None
    channel: int | None = None
    in_milliseconds: frozenset[str] = frozenset()
    """The roles of times that are."""
    others: tuple["Other", ...] = ()
    """Columns that say a time again, as ELAN's tables do in several units."""


@dataclass(frozen=True)
class Other:
    """A column of a time beside the one that is read: of which role, and where it is."""

    role: str
    place: int
    name: str
    in_milliseconds: bool


def find_columns(where: str, first: Sequence[str], told: Told, is_data: bool = False) -> Columns:
    """Return the columns of a table whose first row is `first`, which may name them.

    With `is_data` it does not: its first cell is known to stand for a recording.

    Raises `UserError`, which begins with `where`, when they are not known, or two may be the same
    thing.
    """
    if is_data or any(map(is_recording, first)):
        return _by_place(where, first, told, is_data)
    places: dict[str, int] = {}
    others: list[Other] = []
    for role, place in _by_name(where, first, told):
        if role not in places:
            places[role] = place
        else:
            others.append(Other(role, place, first[place], _is_in_milliseconds(first[place], role)))
    for role in ("audio", "text"):
        if role not in places:
            raise UserError(_unknown(where, first, role))
    of_recordings: dict[str, int] = {}
    for role, place in places.items():
        if role in _WHAT:
            of_recordings[role] = place
    _need_different(where, of_recordings)
    in_milliseconds = set()
    for role in MILLISECONDS:
        if role in places and _is_in_milliseconds(first[places[role]], role):
            in_milliseconds.add(role)
    return Columns(
        has_header=True,
        in_milliseconds=frozenset(in_milliseconds),
        others=tuple(others) if "begin" in places else (),
        **places,
    )


def _is_in_milliseconds(name: str, role: str) -> bool:
    return _is_one_of(name, MILLISECONDS.get(role, ()))


def _is_one_of(name: str, names: Sequence[str]) -> bool:
    return squeezed(name) in map(squeezed, names)


def _by_name(where: str, header: Sequence[str], told: Told) -> Iterator[tuple[str, int]]:
    names = list(map(squeezed, header))
    for role in KNOWN:
        if role in told.given:
            yield role, _place(where, header, role, told.given[role])
            continue
        places: list[int] = []
        for place, name in enumerate(names):
            if ROLES.get(name) == role:
                places.append(place)
        if not places:
            less = LESS_KNOWN.get(role, ())
            places = [place for place, name in enumerate(header) if _is_one_of(name, less)]
        if len(places) > 1 and role in ("audio", "text", "speaker"):
            which = " and ".join(_shown(header[place]) for place in places)
            raise UserError(
                f"{where}: expected one column of the {_WHAT[role]}, found {which}: say which one, "
                f"--{role}_column '{_shown(header[places[0]])}'"
            )
        # ELAN's tables have times in several units; what they say is compared (`sheets`).
        if len(places) == 1 or role in MILLISECONDS:
            for place in places:
                yield role, place


_WHAT = {"audio": "recording", "text": "text", "speaker": "speaker"}


def _place(where: str, header: Sequence[str], role: str, value: str) -> int:
    """The place of a column that the user names, or numbers."""
    exact, alike = list(map(str.strip, header)), list(map(squeezed, header))
    if exact.count(value.strip()) == 1:
        return exact.index(value.strip())
    if squeezed(value) and alike.count(squeezed(value)) == 1:
        return alike.index(squeezed(value))
    if value.isdecimal() and 1 <= int(value) <= len(header):
        return int(value) - 1
    found = ", ".join(map(_shown, header[:12]))
    raise UserError(
        f"{where}: --{role}_column {value}: expected a column of this table, found {found}"
    )


def _by_place(where: str, first: Sequence[str], told: Told, is_data: bool) -> Columns:
    """The columns of a table without a line of names: audio, text, perhaps speaker; or the user's
    numbers.
    """
    given = told.given
    for role, value in given.items():
        if not value.isdecimal() or not 1 <= int(value) <= len(first):
            raise UserError(
                f"{where}: --{role}_column {value}: expected a number from 1 to {len(first)}, "
                f"since no line "
                f"names the columns: the first holds {' | '.join(map(_shown, first))[:80]}"
            )
    numbers = {role: int(value) - 1 for role, value in given.items()}
    _need_different(where, numbers)
    if {"audio", "text"} <= numbers.keys():
        return Columns(False, numbers["audio"], numbers["text"], numbers.get("speaker"))
    if given:
        raise UserError(
            f"{where}: expected --audio_column and --text_column, numbers from 1 to {len(first)}, "
            f"since no line "
            f"names the columns; found --{next(iter(given))}_column alone"
        )
    begins = is_data or is_recording(first[0])
    if len(first) not in (2, 3) or not begins:
        found = f"{len(first)} columns" if begins else "the recording in another column"
        raise UserError(
            f"{where}: expected a line of names, or columns audio, text and perhaps speaker, "
            f"found {found}; say which "
            "is which, by numbers: --audio_column 1 --text_column 2 --speaker_column 3"
        )
    return Columns(False, 0, 1, 2 if len(first) == 3 else None)


def _need_different(where: str, places: Mapping[str, int]) -> None:
    for role, other in combinations(places, 2):
        if places[role] == places[other]:
            raise UserError(
                f"{where}: --{other}_column: expected another column than that of the "
                f"{_WHAT[role]}, found column "
                f"{places[other] + 1} for both"
            )


def _unknown(where: str, header: Sequence[str], role: str) -> str:
    found = ", ".join(map(_shown, header[:12]))
    known = ", ".join(KNOWN[role][:9])
    told = (
        f"{where}: expected a column of the {_WHAT[role]} ({known}, …), found {found}: "
        f"name it, --{role}_column NAME"
    )
    if role == "text":
        told += " (and --audio_column, --speaker_column where these are not known, either)"
    return told


def check_values(where: str, columns: Columns, rows: Sequence[Sequence[str]], told: Told) -> None:
    """Refuse columns that cannot be what they are taken for: numbers or recordings as texts, texts
    as speakers.

    What the user has said is believed. Raises `UserError`, which begins with `where`.
    """
    texts = [row[columns.text].strip() for row in rows]
    written = list(filter(None, texts))
    if "text" not in told.given and written:
        kind = ""
        if all(map(is_recording, written)):
            kind = "names of recordings"
        elif all(map(_is_number, written)):
            kind = "numbers"
        if kind:
            raise UserError(
                f"{where}: expected texts in column {columns.text + 1}, found {kind} such as "
                f"{_shown(written[0])}: "
                "say which column it is, --text_column (a name or a number)"
            )
    if columns.has_header or columns.speaker is None or "speaker" in told.given:
        return
    speakers = [row[columns.speaker].strip() for row in rows]
    several = sum(len(speaker.split()) > 1 for speaker in speakers)
    if len(set(speakers)) > len(set(texts)) or 2 * several > len(speakers):
        raise UserError(
            f"{where}: expected columns audio, text and speaker, since no line names them, found "
            f"in the third what "
            f"looks like texts ({_shown(speakers[0])}): say which is which, by numbers: "
            f"--audio_column 1 "
            "--text_column 3 --speaker_column 2, or as it stands: --audio_column 1 --text_column "
            "2 --speaker_column 3"
        )


def _shown(cell: str) -> str:
    """A cell as a message shows it: in one line, short, and without what a terminal would obey."""
    shown = list(" ".join(cell.split())[:40])
    for place, mark in enumerate(shown):
        if not mark.isprintable():
            shown[place] = "\ufffd"
    return "".join(shown)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?", text) is not None
