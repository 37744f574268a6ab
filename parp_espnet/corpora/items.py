"""What every layout of one's own recordings is read into."""

from collections.abc import Sequence
from dataclasses import dataclass

from parp_espnet.corpora.rejects import Reject
from parp_espnet.sound.ark import place_of


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance as it is kept: the line or file that lists it, its name, its recording (a file,
    or `FILE.ark:N`) or a part of it in seconds, what was said, and who said it.
    """

    where: str
    name: str
    audio: str
    text: str
    speaker: str | None = None
    begin: float | None = None
    end: float | None = None
    channel: int | None = None
    """Of several channels, the one that it is in (0 is the first); None where nothing says so."""
    split: str | None = None
    """The set that a list says."""

    @property
    def is_ark(self) -> bool:
        """Whether the recording is in a Kaldi archive."""
        return place_of(self.audio) is not None


@dataclass(frozen=True)
class Items:
    """What a layout holds, and what of it cannot be read."""

    items: Sequence[Item]
    rejected: Sequence[Reject]
