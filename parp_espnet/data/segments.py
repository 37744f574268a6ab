"""Kaldi's `segments` and `reco2file_and_channel`: which part of which recording an utterance is.

<utterance> <recording> <begin> <end> [<channel>]      seconds; an end of -1 is the recording's
<recording> <file> <channel>                           a channel is A, B, … or 1, 2, …
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of
from parp_espnet.sound.channels import is_channel, numbers_of

CHANNELS = "reco2file_and_channel"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a recording in seconds; None are its own beginning and end.

    `channel` is the one that it is in, 0 the first; None where nothing says so.
    """

    recording: str
    begin: float | None
    end: float | None
    channel: int | None


class SegmentError(ValueError):
    """A line of `segments` is none: what was expected in its place, and what was found."""

    def __init__(self, expected: str, found: str, is_line: bool = False) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
        self.is_line = is_line
        """Whether it is no line of that form; else it has that form and means nothing."""


def read_segment(
    value: str, recordings: Mapping[str, object], channels: Mapping[str, int]
) -> Segment:
    """Read what stands after the utterance's id in a line of `segments`.

    Raises `SegmentError` for what is no part of a recording.

    Args:
        recordings: by name, those of wav.scp.
        channels: of the recordings that have one, as `read_channels` returns them.
    """
    try:
        recording, *times = value.split()[:3]
        begin, end = map(float, times)
        channel = _channel(value.split()[3:], channels.get(recording))
    except ValueError:
        raise SegmentError("'<recording> <begin> <end>'", repr(value), is_line=True) from None
    if recording not in recordings:
        raise SegmentError("a recording of wav.scp", recording)
    if end == -1 and 0 <= begin < float("inf"):
        return Segment(recording, begin, None, channel)
    if not 0 <= begin < end < float("inf"):
        raise SegmentError("0 <= begin < end", repr(value))
    return Segment(recording, begin, end, channel)


def read_channels(folder: Path) -> Mapping[str, int]:
    """Return the channel (0 is the first) of each recording that the `reco2file_and_channel` of a
    directory names.

    Raises `UserError` naming the line that is none of Kaldi's.
    """
    path = folder / CHANNELS
    if not path.exists():
        return {}
    words: dict[str, str] = {}
    for number, line in enumerate(lines_of(text_of(path)), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 3 or not is_channel(fields[2]):
            expected = "'<recording> <file> <channel>', a channel being A, B, … or 1, 2, …"
            raise UserError(f"{path}:{number}: expected {expected}, found {line.strip()!r}")
        words[fields[0]] = fields[2].upper()
    numbers = numbers_of(set(words.values()))
    return {recording: numbers[word] for recording, word in words.items()}


def _channel(fields: Sequence[str], otherwise: int | None) -> int | None:
    """The channel that a field of its own names, as Kaldi's extract-segments has it (0 is the
    first), or else `otherwise`.
    """
    if not fields:
        return otherwise
    (word,) = fields
    if not word.isascii() or not word.isdigit():
        raise ValueError(f"expected a channel, 0 or more, found {word!r}")
    return int(word)
