"""What was recognised, and the formats that it is written in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Phone:
    """A phone from `begin` to `end`, in seconds."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """The phones of a recording of so many `seconds`, in order; `name` is what the user calls it."""

    name: str
    seconds: float
    phones: tuple[Phone, ...]

    def later(self, seconds: float) -> "Transcript":
        """Return the same, with all times so many seconds later; what would be before the beginning is at it."""
        phones = (
            Phone(phone.name, max(0.0, phone.begin + seconds), max(0.0, phone.end + seconds)) for phone in self.phones
        )
        return Transcript(
            self.name, self.seconds + seconds, tuple(phone for phone in phones if phone.end > phone.begin)
        )


@dataclass(frozen=True)
class Format:
    """How a transcript is written: as a file of its own that ends with `suffix`, or after others; None if it cannot."""

    suffix: str
    alone: Callable[[Transcript], str]
    among: Callable[[Transcript], str] | None


def text(transcript: Transcript) -> str:
    """Return a line a phone, "begin end phone" with tabs between: a label track, as Audacity reads it."""
    return "".join(f"{phone.begin:.4f}\t{phone.end:.4f}\t{phone.name}\n" for phone in transcript.phones)


def named_text(transcript: Transcript) -> str:
    """Return the same lines after the recording's name and a tab."""
    return "".join(f"{transcript.name}\t{line}\n" for line in text(transcript).splitlines())


def as_json(transcript: Transcript, indent: int | None = None) -> str:
    """Return {"file", "seconds", "text", "phones": [{"phone", "begin", "end"}, …]}, in one line unless indented."""
    found: dict[str, Any] = {
        "file": transcript.name,
        "seconds": round(transcript.seconds, 4),
        "text": " ".join(phone.name for phone in transcript.phones),
        "phones": [
            {"phone": phone.name, "begin": round(phone.begin, 4), "end": round(phone.end, 4)}
            for phone in transcript.phones
        ],
    }
    return json.dumps(found, ensure_ascii=False, indent=indent) + "\n"


def ctm(transcript: Transcript) -> str:
    """Return NIST's and Kaldi's lines "<recording> <channel> <begin> <duration> <phone>"; names lose their blanks."""
    name = "_".join(transcript.name.split())
    lines = (f"{name} 1 {phone.begin:.4f} {phone.end - phone.begin:.4f} {phone.name}" for phone in transcript.phones)
    return "".join(f"{line}\n" for line in lines)


def textgrid(transcript: Transcript) -> str:
    """Return Praat's TextGrid, of one tier of intervals, `phones`; those between phones are empty."""
    end = f"{transcript.seconds:.4f}"
    intervals: list[tuple[str, str, str]] = []
    at = f"{0:.4f}"
    for phone in transcript.phones:
        begin, until = f"{phone.begin:.4f}", f"{phone.end:.4f}"
        if begin != at:
            intervals.append((at, begin, ""))
        intervals.append((begin, until, phone.name))
        at = until
    if at != end or not intervals:
        intervals.append((at, end, ""))
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end}", "tiers? <exists>",
        "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"', '        name = "phones"',
        "        xmin = 0", f"        xmax = {end}", f"        intervals: size = {len(intervals)}",
    ]  # fmt: skip
    for number, (begin, until, name) in enumerate(intervals, 1):
        quoted = name.replace('"', '""')
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {begin}",
            f"            xmax = {until}",
            f'            text = "{quoted}"',
        ]
    return "".join(f"{line}\n" for line in lines)


FORMATS = {
    "text": Format(".txt", text, named_text),
    "json": Format(".json", lambda transcript: as_json(transcript, indent=2), as_json),
    "textgrid": Format(".TextGrid", textgrid, None),
    "ctm": Format(".ctm", ctm, ctm),
}
