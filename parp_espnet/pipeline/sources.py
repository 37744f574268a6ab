"""What a user's data directory has: utterances, each a recording or a part of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.data.kaldi import is_command, leads_up
from parp_espnet.data.lines import read_table
from parp_espnet.data.segments import SegmentError, read_channels, read_segment
from parp_espnet.errors import UserError


@dataclass(frozen=True)
class Source:
    """One utterance as the user has it: a recording, or the part of it between two times in
    seconds.
    """

    id: str
    recording: str
    """A file, `FILE.ark:OFFSET`, or a command that writes one to its standard output, with `|` at
    its end.
    """
    begin: float | None
    end: float | None
    channel: int | None = None
    """The channel that it is in, 0 the first; None where nothing says so."""


def read_sources(data: Path, allow_pipes: bool) -> list[Source]:
    """Return the utterances that have recordings.

    Args:
        allow_pipes: whether commands and paths with `..` are taken, because they are trusted.

    Raises `UserError` where `wav.scp` is missing or malformed, or has what is not taken.
    """
    recordings = table_of(data, "wav.scp")
    for name, value in recordings.items():
        what = None
        if is_command(value):
            what = "a command"
        elif leads_up(value):
            what = "a path that goes up"
        # What reads a standard stream, or writes to a command, makes no recording whatever is
        # allowed.
        runs = value.endswith("|") and len(value) > 1 and not value.startswith("|")
        if what is not None and not (allow_pipes and (runs or not is_command(value))):
            advice = "write its output to one" if is_command(value) else "write its path in full"
            trusted = "" if allow_pipes else ", or give --allow_pipes true where you trust it"
            raise UserError(
                f"{data}/wav.scp: {name} is {what} ({value}); expected a file: {advice}{trusted}"
            )
    segments = table_of(data, "segments", needed=False)
    channels = read_channels(data)
    sources: list[Source] = []
    if not segments:
        for name, value in recordings.items():
            sources.append(Source(name, value, None, None, channels.get(name)))
    for name, line in segments.items():
        sources.append(_segment(data, name, line, recordings, channels))
    return sources


def _segment(
    data: Path, name: str, line: str, recordings: Mapping[str, str], channels: Mapping[str, int]
) -> Source:
    try:
        segment = read_segment(line, recordings, channels)
    except SegmentError as error:
        raise UserError(f"{data}/segments: {name}: {error}") from None
    path = recordings[segment.recording]
    # From 0 to the end it is the whole recording, which need not be written again.
    begin = None if segment.end is None and segment.begin == 0 else segment.begin
    return Source(name, path, begin, segment.end, segment.channel)


def table_of(data: Path, name: str, needed: bool = True) -> dict[str, str]:
    """Read a file of a data directory; {} where it is neither there nor needed.

    Raises `UserError` where it is needed and not there, or is malformed.
    """
    if not data.is_dir():
        raise UserError(f"{data}: no such data directory; stage 1, local/data.sh or you make it")
    path = data / name
    # A link that leads nowhere was meant to be a file.
    if not needed and not path.exists() and not path.is_symlink():
        return {}
    return read_table(path, empty=not needed)
