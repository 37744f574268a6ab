"""What a file of ELAN's or Praat's holds: tiers, each a list of annotations with times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from unicodedata import normalize
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text from `begin` to `end`, in seconds of the recording, and who says it, where it stands
    among those of others.
    """

    begin: float
    end: float
    text: str
    speaker: str | None = None


@dataclass(frozen=True)
class Tier:
    """Annotations that belong together, in the order of their times.

    Attributes:
        speaker: who is heard; None where nothing says so.
        kind: what ELAN calls the type of the tier, or the name that it shares with a tier before
            it in a file of Praat's; "" where it has none.
        parent: the name of the tier that it is a part of; None where it is of its own.
    """

    name: str
    annotations: Sequence[Annotation]
    speaker: str | None = None
    kind: str = ""
    parent: str | None = None

    @property
    def texts(self) -> int:
        """How many of its annotations have a text."""
        return sum(bool(annotation.text) for annotation in self.annotations)

    def is_called(self, name: str) -> bool:
        """Whether it is the one that a user names: by its name, by its name without `@SPEAKER`, or
        by its kind; however names are encoded (NFC and NFD), and whatever blanks are around them.
        """
        names = (self.name, self.name.partition("@")[0], self.kind)
        return _form(name) in map(_form, filter(str.strip, names))


def _form(name: str) -> str:
    return normalize("NFC", name).strip()


@dataclass(frozen=True)
class Medium:
    """A recording that a file of tiers is linked to, as it has it: a URL, or a path; and the
    seconds of it that lie before the file's time 0.
    """

    url: str
    origin: float = 0.0

    @property
    def name(self) -> str:
        """The recording's name, without folders, of whatever system they are."""
        return PureWindowsPath(unquote(self.url)).name


@dataclass(frozen=True)
class Tiers:
    """A file of tiers.

    Attributes:
        media: the recordings that it is linked to.
        faults: what of it cannot be read, in words.
    """

    path: Path
    tiers: Sequence[Tier]
    media: Sequence[Medium] = ()
    faults: Sequence[str] = ()


def list_tiers(files: Iterable[Tiers]) -> str:
    """Return the names of the tiers that have texts, with how many: "tx@Ana (12), ph (340)"."""
    counts: dict[str, int] = {}
    for file in files:
        for tier in file.tiers:
            if tier.texts:
                counts[tier.name] = counts.get(tier.name, 0) + tier.texts
    return ", ".join(f"{name} ({count})" for name, count in counts.items())
