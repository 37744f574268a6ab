"""What a corpus has that cannot be used: it is listed with its reason, and left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from parp_espnet.corpora.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.files import write_text

HOPELESS = 200
"""So many rejects before the first utterance say that the rest is no better."""


class Why(StrEnum):
    """The kinds of reason, and what to do where most of a corpus has one of them."""

    ROW = "row"
    TEXT = "text"
    SCRIPT = "script"
    MISSING = "missing"
    AUDIO = "audio"
    MARKS = "marks"
    ALONE = "alone"
    KIND = "kind"

    @property
    def is_aside(self) -> bool:
        """Whether it is no fault of what is there that it is left out: however many there are, the rest may be used."""
        return self in (Why.ALONE, Why.KIND)

    @property
    def what(self) -> str:
        """What was left out, for a summary."""
        return {
            "row": "rows that cannot be read",
            "text": "texts that cannot be used",
            "script": "texts of another script",
            "missing": "without their recording",
            "path": "with a path of another system",
            "audio": "recordings that cannot be used",
            "empty": "empty recordings",
            "decoder": "recordings that nothing here decodes",
            "silent": "recordings without speech",
            "short": "recordings too short for their text",
            "marks": "texts with speech that is not written",
            "alone": "recordings or transcripts alone",
            "kind": "other files",
        }[self]

    @property
    def advice(self) -> str:
        """What to do about it."""
        return {
            Why.ROW: "is this file of that corpus, and complete?",
            Why.TEXT: "are these the transcripts, and of this language?",
            Why.SCRIPT: "are these the transcripts of this language?",
            Why.MISSING: "unpack or download the corpus again; it seems to be half there",
            Why.AUDIO: "download the recordings again; they seem to be damaged",
            Why.MARKS: "--marks text leaves these out of the text instead, --marks keep takes the text as it is",
            Why.ALONE: "do recordings and transcripts have the same names?",
            Why.KIND: "are these recordings and transcripts?",
        }[self]


class UnusableError(Exception):
    """An utterance cannot be used: `why`, and what was expected and found."""

    def __init__(self, why: Why, reason: str) -> None:
        super().__init__(reason)
        self.why = why


@dataclass(frozen=True)
class Reject:
    """A row or a recording that is left out: the file (and line) that lists it, its name there, and the reason."""

    where: str
    item: str
    why: Why
    reason: str


@dataclass(frozen=True)
class Made:
    """One set of a corpus."""

    utterances: Sequence[Utterance]
    rejected: Sequence[Reject] = field(default=())
    note: str = ""
    """What else the user should know, in a few words."""


def write_rejects(path: Path, rejected: Sequence[Reject]) -> None:
    """Write the list, with tabs between its columns; without rejects there is no file."""
    if not rejected:
        path.unlink(missing_ok=True)
        return
    rows = [("where", "item", "why", "reason"), *((one.where, one.item, one.why, one.reason) for one in rejected)]
    write_text(path, "".join("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in rows))


def count_rejects(rejected: Sequence[Reject]) -> str:
    """Return how much is left out, and of what kinds: "7 left out (4 other files, 3 texts of another script)"."""
    counts = Counter(one.why for one in rejected)
    kinds = ", ".join(f"{count} {why.what}" for why, count in counts.most_common())
    return f"{len(rejected)} left out ({kinds})"


def refuse_if_most(made: Made, listed: Path) -> None:
    """Raise `UserError` where more is left out, for one kind of reason, than there is; `listed` has all of them."""
    for why in Why:
        if why.is_aside and made.utterances:
            continue
        own = [one for one in made.rejected if one.why is why]
        if len(own) > len(made.utterances):
            seen = len(made.rejected) + len(made.utterances)
            first = f"{own[0].where}: {own[0].item}: {own[0].reason}"
            raise UserError(f"{first}; so it is with {len(own)} of {seen} looked at ({listed} has them): {why.advice}")
    if not made.utterances:
        raise UserError(f"{listed.parent}: no utterance to write; expected at least one: is the corpus empty?")
