"""How people keep recordings and their texts: three layouts, each read into a list of items.

- a Kaldi directory: `wav.scp` (files, or arks as `FILE.ark:OFFSET`), `text`, and `utt2spk` and `segments` where there
  are such;
- a folder of recordings, each with a transcript of the same name in .txt or .lab beside it; the folders that recordings
  are in are their speakers;
- a table in TSV or CSV, of the columns audio, text and, where there is one, speaker; without a line of names, in that
  order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.corpora.kaldi import is_command, leads_up
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.rows import Row, of_width, read_lines, read_rows
from parp_espnet.errors import UserError
from parp_espnet.files import exists
from parp_espnet.sound.ark import place_of
from parp_espnet.sound.channels import channel_of_segment, read_channels
from parp_espnet.sound.suffixes import SUFFIXES

SPLITS = ("train", "dev", "test")
TRANSCRIPTS = (".txt", ".lab")
TABLES = {".tsv": "\t", ".csv": ","}
HEADERS: Mapping[str, frozenset[str]] = {
    "audio": frozenset({"audio", "path", "file", "filename", "file_name", "wav", "recording"}),
    "text": frozenset({"text", "sentence", "transcript", "transcription", "phones"}),
    "speaker": frozenset({"speaker", "speaker_id", "client_id", "spk"}),
}
"""The names that columns may have."""


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance as it is kept: the line or file that lists it, its name, its recording (a file, or `FILE.ark:N`) or
    a part of it in seconds, what was said, and who said it."""

    where: str
    name: str
    audio: str
    text: str
    speaker: str | None = None
    begin: float | None = None
    end: float | None = None
    channel: int | None = None
    """Of several channels, the one that it is in (0 is the first); None where nothing says so."""

    @property
    def is_ark(self) -> bool:
        """Whether the recording is in a Kaldi archive."""
        return place_of(self.audio) is not None


@dataclass(frozen=True)
class Items:
    """What a layout holds, and what of it cannot be read."""

    items: Sequence[Item]
    rejected: Sequence[Reject]


def read_items(path: Path) -> Items:
    """Read a directory or a file of one of the three layouts.

    Raises `UserError` when it is none of them, with what is there.
    """
    if path.is_file():
        return _table(path)
    if not path.is_dir():
        raise UserError(f"--own {path}: no such file or directory")
    if (path / "wav.scp").is_file():
        return _kaldi(path)
    recordings = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if any(_transcript(recording) for recording in recordings):
        return _folder(path, recordings)
    tables = sorted(file for file in path.iterdir() if file.suffix.lower() in TABLES)
    if len(tables) == 1:
        return _table(tables[0])
    found = ", ".join(sorted(file.name for file in path.iterdir())[:6]) or "nothing"
    raise UserError(
        f"--own {path}: expected wav.scp and text, or recordings with transcripts of the same name "
        f"({' or '.join(TRANSCRIPTS)}), or one table (.tsv, .csv); found {found}"
    )


def _kaldi(path: Path) -> Items:
    rejected: list[Reject] = []
    recordings = _pairs(path / "wav.scp", rejected)
    texts = _pairs(path / "text", rejected)
    speakers = _pairs(path / "utt2spk", rejected) if (path / "utt2spk").is_file() else {}
    segments = _pairs(path / "segments", rejected) if (path / "segments").is_file() else None
    channels = read_channels(path)
    items = []
    for name, (where, value) in (recordings if segments is None else segments).items():
        whole = (value, None, None, channels.get(name))
        recording, begin, end, channel = whole if segments is None else _segment(value, recordings, channels)
        problem = (
            f"expected '<recording> <begin> <end>' of a recording in wav.scp, found {value!r}" if recording is None
            else "expected a file, found nothing" if not recording
            else f"expected a file, found a command ({recording}); write its output to one" if is_command(recording)
            else f"expected a path without '..', found {recording}; write it in full" if leads_up(recording)
            else f"expected its text in {path / 'text'}, found none" if name not in texts
            else None
        )  # fmt: skip
        if recording is None or problem is not None:
            rejected.append(Reject(where, name, Why.ROW, problem or ""))
        else:
            speaker = speakers[name][1] if name in speakers else None
            items.append(Item(where, name, _found(path, recording), texts[name][1], speaker, begin, end, channel))
    listed = recordings if segments is None else segments
    for name in texts.keys() - listed.keys():
        rejected.append(Reject(texts[name][0], name, Why.MISSING, "expected its recording in wav.scp, found none"))
    return Items(items, rejected)


def _pairs(path: Path, rejected: list[Reject]) -> dict[str, tuple[str, str]]:
    """The lines `key value` of a Kaldi file, each with where it is."""
    lines, broken = read_lines(path)
    rejected += broken
    pairs: dict[str, tuple[str, str]] = {}
    for where, line in lines:
        key, *value = line.split(maxsplit=1)
        if key in pairs:
            rejected.append(Reject(where, key, Why.ROW, f"expected an id once, found it first in {pairs[key][0]}"))
        else:
            pairs[key] = (where, value[0].strip() if value else "")
    return pairs


def _segment(
    value: str, recordings: Mapping[str, tuple[str, str]], channels: Mapping[str, int]
) -> tuple[str | None, float | None, float | None, int | None]:
    try:
        recording, begin, end, *fields = value.split()
        if not 0 <= float(begin) < float(end):
            return None, None, None, None
        channel = channel_of_segment(fields, channels.get(recording))
        return recordings[recording][1], float(begin), float(end), channel
    except (ValueError, KeyError):
        return None, None, None, None


def _found(base: Path, value: str) -> str:
    """A relative path from the directory, or one of the two above it, where Kaldi's recipes are run."""
    place = place_of(value)
    file = place.file if place else value
    for start in (base, base.parent, base.parent.parent):
        if exists(start / file):
            return f"{(start / file).resolve()}{value[len(file) :]}"
    return str(base / value)


def _transcript(recording: Path) -> Path | None:
    return next((one for suffix in TRANSCRIPTS if (one := recording.with_suffix(suffix)).is_file()), None)


def _folder(path: Path, recordings: Sequence[Path]) -> Items:
    items = []
    rejected: list[Reject] = []
    for recording in recordings:
        inside = recording.relative_to(path)
        name = str(inside.with_suffix(""))
        transcript = _transcript(recording)
        if transcript is None:
            reason = f"expected a transcript beside it ({' or '.join(TRANSCRIPTS)}), found none"
            rejected.append(Reject(str(recording), name, Why.TEXT, reason))
            continue
        lines, broken = read_lines(transcript)
        rejected += [Reject(one.where, name, one.why, one.reason) for one in broken]
        if not broken:
            text = " ".join(line.strip() for _, line in lines)
            speaker = inside.parts[0] if len(inside.parts) > 1 else None
            items.append(Item(str(transcript), name, str(recording.resolve()), text, speaker))
    return Items(items, rejected)


def _table(path: Path) -> Items:
    if path.suffix.lower() not in TABLES:
        raise UserError(f"--own {path}: expected a table in .tsv or .csv, or a directory, found another file")
    rows, rejected = read_rows(path, _delimiter(path))
    if not rows:
        raise UserError(f"--own {path}: expected lines of audio and text, found an empty table")
    header = _header(rows[0])
    if header is None:
        width = len(rows[0].fields)
        if width not in (2, 3):
            raise UserError(f"{rows[0].where}: expected columns audio, text and perhaps speaker, found {width} columns")
        header = {name: place for place, name in enumerate(HEADERS) if place < width}
    else:
        width = len(rows[0].fields)
        rows = rows[1:]
    rows, odd = of_width(rows, width)
    rejected += odd
    items: dict[str, Item] = {}
    for row in rows:
        audio, text = row.fields[header["audio"]].strip(), " ".join(row.fields[header["text"]].split())
        speaker = row.fields[header["speaker"]].strip() or None if "speaker" in header else None
        name = str(Path(audio).with_suffix("")) if audio else ""
        if not audio:
            rejected.append(Reject(row.where, name, Why.ROW, "expected a recording, found none"))
        elif audio in items:
            reason = f"expected a recording once, found it first in {items[audio].where}"
            rejected.append(Reject(row.where, name, Why.ROW, reason))
        else:
            items[audio] = Item(row.where, name, _found(path.parent, audio), text, speaker)
    return Items(list(items.values()), rejected)


def _delimiter(path: Path) -> str:
    """Some spreadsheets write CSV with semicolons."""
    lines, _ = read_lines(path)
    first = lines[0][1] if lines else ""
    return ";" if path.suffix.lower() == ".csv" and first.count(";") > first.count(",") else TABLES[path.suffix.lower()]


def _header(row: Row) -> dict[str, int] | None:
    """The places of the columns, where the line names them."""
    names = [field.strip().lower() for field in row.fields]
    places = {
        column: next((place for place, name in enumerate(names) if name in known), None)
        for column, known in HEADERS.items()
    }
    found = {column: place for column, place in places.items() if place is not None}
    return found if {"audio", "text"} <= found.keys() else None
