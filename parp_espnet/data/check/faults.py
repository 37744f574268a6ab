"""The kinds of fault, and how grave each is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from parp_espnet.errors import UserError


class Level(StrEnum):
    """How grave a kind is."""

    ERROR = "error"
    """The pipeline would stop, or learn or score something wrong."""
    WARNING = "warning"
    """The pipeline copes with it, or it may be meant."""
    IGNORE = "ignore"


@dataclass(frozen=True)
class Kind:
    """A kind of fault: its level unless the user has another, and what it is."""

    level: Level
    what: str


KINDS: Mapping[str, Kind] = {
    # Files
    "encoding": Kind(Level.ERROR, "line that is not UTF-8"),
    "line": Kind(Level.ERROR, "line that cannot be read"),
    "control": Kind(Level.ERROR, "control, invisible or replacement character"),
    "duplicate": Kind(Level.ERROR, "id for the second time"),
    "order": Kind(Level.WARNING, "file that is not sorted by bytes (LC_ALL=C)"),
    "id": Kind(
        Level.ERROR, "id that is none: a path, a speaker of two words, or with control characters"
    ),
    "ids": Kind(Level.ERROR, "id in one file and not in another"),
    "speaker": Kind(
        Level.WARNING, "id that does not begin with its speaker; stage 2 puts it in front"
    ),
    "one-name": Kind(Level.ERROR, "ids that become one when stage 2 puts the speaker in front"),
    "spk2utt": Kind(Level.WARNING, "spk2utt that is not the reverse of utt2spk"),
    "segment": Kind(Level.ERROR, "segment that is no part of its recording"),
    # Recordings
    "command": Kind(Level.ERROR, "command in place of a recording; it is not run"),
    "path": Kind(Level.ERROR, "path of a recording that goes up (..)"),
    "missing": Kind(Level.ERROR, "recording that is not there"),
    "empty": Kind(Level.ERROR, "recording without a sample"),
    "undecodable": Kind(Level.ERROR, "recording that cannot be decoded"),
    "truncated": Kind(
        Level.ERROR, "recording that is cut off or damaged before the end that its header says"
    ),
    "header": Kind(
        Level.WARNING,
        "recording that is shorter than its header says, by a tenth of a second at most",
    ),
    "no-length": Kind(
        Level.WARNING, "recording of a kind that does not say how long it is: it may be cut off"
    ),
    "rate": Kind(
        Level.WARNING,
        "recording of another rate; stage 2 resamples it, and so does --fix --resample",
    ),
    "decoder": Kind(Level.ERROR, "recording whose decoder, such as ffmpeg, is not there"),
    "channels": Kind(
        Level.WARNING,
        "recording of several channels; stage 2 averages them, and so does --fix --resample",
    ),
    "channel": Kind(
        Level.ERROR, "recording without the channel that segments or reco2file_and_channel names"
    ),
    "scale": Kind(
        Level.ERROR, "recording of floating-point samples that are not scaled to [-1, 1]"
    ),
    "beyond": Kind(
        Level.WARNING, "recording of floating-point samples beyond full scale; stage 2 cuts them"
    ),
    "nan": Kind(Level.ERROR, "recording with NaN or infinite samples"),
    "silent": Kind(Level.ERROR, "recording of silence"),
    "clipped": Kind(Level.WARNING, "recording that is clipped"),
    "duration": Kind(Level.ERROR, "recording that does not last as long as utt2dur says"),
    "repeated": Kind(Level.WARNING, "the same recording twice in a set"),
    # Texts
    "empty-text": Kind(Level.ERROR, "utterance without phones"),
    "symbol": Kind(Level.ERROR, "phone with the name of one of ESPnet's special symbols"),
    "phone": Kind(Level.ERROR, "phone outside the inventory"),
    "words": Kind(
        Level.ERROR,
        "words of letters in the place of phones; parp-data --ignore words goes on with them",
    ),
    "mark": Kind(
        Level.WARNING, "mark of an event, or of what nobody understood, in the place of a phone"
    ),
    "punctuation": Kind(
        Level.WARNING, "token that is punctuation, a pause or a border of words, and no phone"
    ),
    "alike": Kind(
        Level.WARNING, "phones of the training set that are one to the eye, such as g and ɡ"
    ),
    "normal-form": Kind(Level.WARNING, "phone that is not in NFD"),
    "mixed-forms": Kind(Level.ERROR, "phone that is written in two normal forms"),
    "ctc": Kind(
        Level.ERROR, "more phones than frames of 20 ms, of which a repeated phone needs one more"
    ),
    "short": Kind(Level.WARNING, "shorter than what is trained on; stage 3 leaves it out"),
    "long": Kind(
        Level.WARNING,
        "longer than what is trained on; stage 3 leaves it out, and --align_with MODEL cuts it",
    ),
    "none-left": Kind(
        Level.ERROR, "set of which stage 3 leaves nothing: all is shorter or longer than trained on"
    ),
    # Between sets
    "unseen": Kind(Level.WARNING, "phone that the training set has not"),
    "same-audio": Kind(Level.ERROR, "recording that is in another set, too"),
    "same-sentence": Kind(Level.WARNING, "sentence that is in another set, too"),
    "same-speaker": Kind(Level.WARNING, "speaker who is in another set, too"),
}


@dataclass(frozen=True)
class Fault:
    """One fault, of an utterance; `utterance` is "" where a whole file has it, and the id of the
    recording or of the speaker where it is theirs.
    """

    kind: str
    folder: str
    utterance: str
    file: str
    expected: str
    found: str
    mended: bool = False
    """Whether `fix` mends it instead of leaving the utterance out."""


type Levels = Mapping[str, Level]


def levels(changed: Mapping[Level, Iterable[str]]) -> Levels:
    """Return the level of every kind, where some are `changed`.

    Raises `UserError` for a kind that there is not, and for one that is to have two levels.
    """
    chosen = {name: kind.level for name, kind in KINDS.items()}
    seen: set[str] = set()
    for level, names in changed.items():
        for name in names:
            if name not in KINDS:
                raise UserError(
                    f"--{level} {name}: no such kind of fault; there are {', '.join(KINDS)}"
                )
            if name in seen:
                raise UserError(f"--{level} {name}: expected one level for a kind, found two")
            seen.add(name)
            chosen[name] = level
    return chosen
