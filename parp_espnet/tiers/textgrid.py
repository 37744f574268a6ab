"""Praat's files (.TextGrid): the long and the short form are read, in UTF-8 or UTF-16.

In both, all that counts are texts in quotes, numbers and flags, as
https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html has it; words around them
(`xmin =`, `intervals [2]:`) and comments (`! …`) are for people.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.tiers.tier import Annotation, Tier, Tiers

_TOKEN = re.compile(r'"(?P<text>(?:[^"]|"")*)"|!.*|(?P<word>[^\s"=]+)')
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRIGRAPH = re.compile(r"\\[!-~]{2}")
"""How Praat writes a letter that a keyboard lacks: three signs, of which a backslash is the first;
https://www.fon.hum.uva.nl/praat/manual/Special_symbols.html.
"""
_FLAG = re.compile(r"<\w+>")
_BOMS = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""
_INTERVALS, _POINTS = "IntervalTier", "TextTier"
"""Praat's names of the two kinds of tiers."""
_ROUNDING = 0.0005
"""Seconds by which a time may be beside what it means."""


def read_textgrid(path: Path) -> Tiers:
    """Read the tiers of intervals of a TextGrid; points in time are none, nor are intervals without
    a text.

    Of several tiers of a name, the others are `NAME_2` and so on, and of the kind `NAME`.

    Raises:
        UserError: it is none, in another form, or cut off.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content.startswith(_BOMS) else "utf-8-sig")
    except UnicodeError:
        raise UserError(f"{path}: expected a TextGrid in UTF-8 or UTF-16, found neither") from None
    reading = _Reading(path, text)
    reading.header()
    tiers: list[Tier] = []
    names = set[str]()
    for _ in range(reading.count_of_tiers()):
        tier = reading.tier(names)
        if tier is not None:
            tiers.append(tier)
    return Tiers(path, tiers, faults=reading.faults)


class _Reading:
    """A file as far as it has been read: what counts in it, one after the other."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._values, self.faults = path, _values(text), list[str]()

    def header(self) -> None:
        """Pass over what says that it is a TextGrid."""
        first, second = next(self._values, None), next(self._values, None)
        if first not in ('"ooTextFile', '"ooTextFile short') or second != '"TextGrid':
            raise self._other()

    def count_of_tiers(self) -> int:
        """Read how many tiers it has, after its times."""
        self._number()
        self._number()
        return self._count() if self._next() == "<exists>" else 0

    def tier(self, names: set[str]) -> Tier | None:
        """Read a tier, whose name goes to `names`; None where it is of points."""
        kind, name = self._text(), self._text()
        if kind not in (_INTERVALS, _POINTS):
            raise self._other()
        self._number()
        self._number()
        annotations: list[Annotation] = []
        for number in range(1, self._count() + 1):
            begin = self._number()
            end = self._number() if kind == _INTERVALS else begin
            text = " ".join(self._text().split())
            if kind == _POINTS or not text:
                continue
            if trigraph := _TRIGRAPH.search(text):
                self.faults.append(
                    f"tier {name}, interval {number}: expected letters, found {trigraph[0]}, which "
                    f"Praat shows as another; in Praat, Modify, Convert to Unicode"
                )
                continue
            # Praat's own beginnings may be a rounding before 0.
            if -_ROUNDING < begin < end:
                annotations.append(Annotation(max(0.0, begin), end, text))
                continue
            self.faults.append(
                f"tier {name}, interval {number}: expected a begin in the recording and a later "
                f"end, found {begin:g} to {end:g} s"
            )
        if kind == _POINTS:
            return None
        annotations.sort(key=lambda annotation: (annotation.begin, annotation.end))
        shown = _unused(name, names)
        names.add(shown)
        speaker = name.partition("@")[2] or None
        return Tier(shown, annotations, speaker, "" if shown == name else name)

    def _next(self) -> str:
        value = next(self._values, None)
        if value is None:
            raise UserError(
                f"{self._path}: expected a whole TextGrid of Praat's, found its end before all "
                f"that it counts; save it anew"
            )
        return value

    def _text(self) -> str:
        value = self._next()
        if not value.startswith('"'):
            raise self._other()
        return value[1:]

    def _number(self) -> float:
        value = self._next()
        if not _NUMBER.fullmatch(value):
            raise self._other()
        return float(value)

    def _count(self) -> int:
        value = self._next()
        if not value.isdecimal():
            raise self._other()
        return int(value)

    def _other(self) -> UserError:
        return UserError(
            f"{self._path}: expected a TextGrid of Praat's, found another file, or a damaged one"
        )


def _values(text: str) -> Iterator[str]:
    """Yield what counts: numbers and flags as they stand, and texts with a quote before them."""
    for token in _TOKEN.finditer(text):
        if token["text"] is not None:
            yield '"' + token["text"].replace('""', '"')
        elif token["word"] and (_NUMBER.fullmatch(token["word"]) or _FLAG.fullmatch(token["word"])):
            yield token["word"]


def _unused(name: str, names: set[str]) -> str:
    """A name of a tier, or, where another has it, with a number behind it."""
    shown, number = name, 1
    while shown in names:
        number += 1
        shown = f"{name}_{number}"
    return shown


def write_textgrid(tiers: Sequence[Tier], seconds: float) -> str:
    """Return a TextGrid in Praat's long form, of tiers of intervals in a recording of so many
    seconds; those between the annotations are empty.
    """
    end = f"{seconds:.4f}"
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, tier in enumerate(tiers, 1):
        intervals = _intervals(tier.annotations, end)
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f'        name = "{_quoted(tier.name)}"',
            "        xmin = 0",
            f"        xmax = {end}",
            f"        intervals: size = {len(intervals)}",
        ]
        for place, (begin, until, text) in enumerate(intervals, 1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {begin}",
                f"            xmax = {until}",
                f'            text = "{_quoted(text)}"',
            ]
    return "".join(f"{line}\n" for line in lines)


def _intervals(annotations: Sequence[Annotation], end: str) -> list[tuple[str, str, str]]:
    """Annotations with what lies between them, from 0 to `end`, times as they are written."""
    intervals: list[tuple[str, str, str]] = []
    at = f"{0:.4f}"
    for annotation in annotations:
        begin, until = f"{annotation.begin:.4f}", f"{annotation.end:.4f}"
        if begin != at:
            intervals.append((at, begin, ""))
        intervals.append((begin, until, annotation.text))
        at = until
    if at != end or not intervals:
        intervals.append((at, end, ""))
    return intervals


def _quoted(text: str) -> str:
    return text.replace('"', '""')
