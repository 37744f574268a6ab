"""What a corpus has that cannot be used: it is listed with its reason, and left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from parp_espnet.data.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.files import write_text

SOURCES = "sources.scp"
"""The list of the recordings that a set of one's own was made of, before anything was cut."""
HOPELESS = 200
"""So many rejects before the first utterance say that the rest is no better."""


class Why(StrEnum):
    """The kinds of reason, and what to do where most of a corpus has one of them."""

    ROW = "row"
    TEXT = "text"
    SCRIPT = "script"
    MISSING = "missing"
    PATH = "path"
    """A path that no machine but one of Windows has."""
    AUDIO = "audio"
    """The recording is damaged or cut off."""
    DECODER = "decoder"
    """It is no recording, or one of a kind that nothing here decodes."""
    EMPTY = "empty"
    SILENT = "silent"
    """The recording is whole, and no speech is in it."""
    SHORT = "short"
    """The recording is too short for its text."""
    UNSURE = "unsure"
    """A model does not hear the text there."""
    UNCUT = "uncut"
    """It is too long, and nowhere to be cut."""
    MARKS = "marks"
    ALONE = "alone"
    KIND = "kind"

    @property
    def is_aside(self) -> bool:
        """Whether it is no fault of what is there that it is left out: however many there are, the
        rest may be used.
        """
        return self in (Why.ALONE, Why.KIND)

    @property
    def what(self) -> str:
        """What was left out, for a summary."""
        return {
            Why.ROW: "rows that cannot be read",
            Why.TEXT: "texts that cannot be used",
            Why.SCRIPT: "texts of another script",
            Why.MISSING: "without their recording",
            Why.PATH: "with a path of another system",
            Why.AUDIO: "recordings that cannot be used",
            Why.DECODER: "recordings that nothing here decodes",
            Why.EMPTY: "empty recordings",
            Why.SILENT: "recordings without speech",
            Why.SHORT: "recordings too short for their text",
            Why.UNSURE: "pieces whose text a model does not hear",
            Why.UNCUT: "pieces that are too long",
            Why.MARKS: "texts with speech that is not written",
            Why.ALONE: "recordings or transcripts alone",
            Why.KIND: "other files",
        }[self]

    @property
    def advice(self) -> str:
        """What to do about it; "" where the reason of each has it."""
        return {
            Why.ROW: "is this file of that corpus, and complete?",
            Why.TEXT: "are these the transcripts, and of this language?",
            Why.SCRIPT: "are these the transcripts of this language?",
            Why.MISSING: "is all of the corpus there, and do these paths hold on this machine?",
            Why.PATH: "",
            Why.DECODER: "",
            Why.AUDIO: "compare the sizes of these files with those at their source, and copy "
            "what differs",
            Why.EMPTY: "copy the recordings again; there is nothing in these files",
            Why.SILENT: "listen to some of them: are these the recordings, from the right "
            "microphone?",
            Why.SHORT: "are these texts those of these recordings?",
            Why.UNSURE: "are these texts those of these recordings?",
            Why.UNCUT: "are these texts those of these recordings?",
            Why.MARKS: "--marks text leaves these out of the text instead, --marks keep takes the "
            "text as it is",
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
    """A row or a recording that is left out: the file (and line) that lists it, its name there, and
    the reason.
    """

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
    sources: Sequence[str] = field(default=())
    """The recordings that were read, where these may lie outside of the corpus's folder."""


def write_rejects(path: Path, rejected: Sequence[Reject]) -> None:
    """Write the list, with tabs between its columns; without rejects there is no file."""
    if not rejected:
        path.unlink(missing_ok=True)
        return
    lines = ["where\titem\twhy\treason\n"]
    for reject in rejected:
        row = (reject.where, reject.item, reject.why, reject.reason)
        lines.append("\t".join(" ".join(cell.split()) for cell in row) + "\n")
    write_text(path, "".join(lines))


def write_sources(path: Path, sources: Sequence[str]) -> None:
    """Write a list of recordings in the form of a `wav.scp`: a change of one of them is a change of
    the corpus.
    """
    lines = [f"{number} {source}\n" for number, source in enumerate(sorted(set(sources)))]
    write_text(path, "".join(lines))


def count_rejects(rejected: Sequence[Reject]) -> str:
    """Return how much is left out, and of what kinds: "7 left out (4 other files, 3 texts of
    another script)".
    """
    counts = Counter(reject.why for reject in rejected)
    kinds = [f"{count} {why.what}" for why, count in counts.most_common()]
    return f"{len(rejected)} left out ({', '.join(kinds)})"


def refuse_if_most(made: Made, listed: Path) -> None:
    """Raise `UserError` where more is left out, for one kind of reason, than there is; `listed` has
    all of them.
    """
    for why in Why:
        if why.is_aside and made.utterances:
            continue
        own = [reject for reject in made.rejected if reject.why is why]
        if len(own) > len(made.utterances):
            seen = len(made.rejected) + len(made.utterances)
            first = f"{own[0].where}: {own[0].item}: {own[0].reason}"
            advice = f": {why.advice}" if why.advice else ""
            raise UserError(
                f"{first}; so it is with {len(own)} of {seen} looked at ({listed} has them){advice}"
            )
    if not made.utterances:
        raise UserError(
            f"{listed.parent}: no utterance to write; expected at least one: is the corpus empty?"
        )
