"""Kaldi directories as people have them, each read into a list of items."""

from collections.abc import Mapping
from pathlib import Path

from parp_espnet.corpora.items import Item, Items
from parp_espnet.corpora.listed import found_below
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.rows import read_lines
from parp_espnet.data.kaldi import is_command, leads_up
from parp_espnet.data.lines import Line, Problem, gather
from parp_espnet.data.segments import Segment, read_channels, read_segment
from parp_espnet.errors import as_written


def read_directory(path: Path) -> Items:
    """Read a directory with `wav.scp` and `text`, and `utt2spk` and `segments` where they are.

    Raises `UserError` when a file cannot be read at all; a line that cannot is rejected.
    """
    rejected: list[Reject] = []
    recordings = _lines(path / "wav.scp", rejected)
    texts = _lines(path / "text", rejected)
    speakers = _lines(path / "utt2spk", rejected) if (path / "utt2spk").exists() else {}
    segments = _lines(path / "segments", rejected) if (path / "segments").exists() else None
    channels = read_channels(path)
    uttered = recordings if segments is None else segments
    items: list[Item] = []
    for name, line in uttered.items():
        try:
            recording, part = line, Segment(name, None, None, channels.get(name))
            if segments is not None:
                part = read_segment(line.value, recordings, channels)
                recording = recordings[part.recording]
            _need_file(recording.value)
            if name not in texts:
                raise ValueError(f"expected its text in {path / 'text'}, found none")
            speaker = _speaker(speakers.get(name))
        except ValueError as error:
            rejected.append(Reject(line.where, name, Why.ROW, str(error)))
            continue
        audio = found_below(path, recording.value)
        times = (part.begin, part.end, part.channel)
        items.append(Item(line.where, name, audio, texts[name].value, speaker, *times))
    if segments is not None:
        rejected += _uncut(recordings, segments)
    for name in sorted(texts.keys() - uttered.keys()):
        reason = "expected its recording in wav.scp, found none"
        rejected.append(Reject(texts[name].where, name, Why.MISSING, reason))
    return Items(items, rejected)


def _need_file(recording: str) -> None:
    """Raise `ValueError` where a value of wav.scp is no file's path."""
    if not recording:
        raise ValueError("expected a file, found nothing")
    if is_command(recording):
        advice = "write its output to one"
        raise ValueError(f"expected a file, found a command ({recording}); {advice}")
    if leads_up(recording):
        raise ValueError(f"expected a path without '..', found {recording}; write it in full")


def _speaker(line: Line | None) -> str | None:
    """Who a line of utt2spk says it is. Raises `ValueError` where it says more: what follows the
    speaker may be another word in each utterance, and one speaker would be in several sets.
    """
    if line is None:
        return None
    if len(line.value.split()) > 1:
        raise ValueError(
            f"expected one word in utt2spk, the speaker, found {as_written(line.value)}; leave out "
            "what follows it, or join the words of a name by _"
        )
    return line.value


def _uncut(recordings: Mapping[str, Line], segments: Mapping[str, Line]) -> list[Reject]:
    """Recordings that no segment is of."""
    cut: set[str] = set()
    for line in segments.values():
        if line.value:
            cut.add(line.value.split()[0])
    reason = "expected a segment of it, found none"
    uncut = []
    for name in sorted(recordings.keys() - cut):
        uncut.append(Reject(recordings[name].where, name, Why.ALONE, reason))
    return uncut


def _lines(path: Path, rejected: list[Reject]) -> dict[str, Line]:
    """The lines of a file."""
    lines, broken = read_lines(path)
    rejected += broken

    def refuse(problem: Problem) -> None:
        # What can be no id is no fault here: the set gives its utterances ids of its own.
        if problem.first is not None:
            reason = f"expected {problem.expected}, found it first in {problem.first.where}"
            rejected.append(Reject(problem.line.where, problem.line.id, Why.ROW, reason))

    return gather(lines, refuse)
