"""The files of one data directory, which have to agree with one another."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.data.check.faults import Fault
from parp_espnet.data.check.tables import NAMES, NEEDED, Table, read_table
from parp_espnet.data.ids import clashes
from parp_espnet.data.kaldi import is_command, leads_up
from parp_espnet.data.segments import SegmentError, read_channels, read_segment
from parp_espnet.errors import UserError
from parp_espnet.files import exists
from parp_espnet.places import kind_of


@dataclass(frozen=True)
class Part:
    """An utterance in its recording, from `begin` to `end` in seconds; None are the recording's
    own.

    `channel` is the one that it is in, 0 the first; None where nothing says so.
    """

    utterance: str
    begin: float | None = None
    end: float | None = None
    channel: int | None = None


@dataclass(frozen=True)
class Recording:
    """A recording, and the utterances in it."""

    id: str
    path: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Folder:
    """A data directory: its files, its recordings that can be looked for, and the faults of its
    lines.
    """

    path: Path
    tables: Mapping[str, Table]
    recordings: tuple[Recording, ...]
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """As messages show it."""
        return str(self.path)

    def rows(self, name: str) -> Mapping[str, str]:
        """The lines of a file, none where it is not there."""
        return self.tables[name].rows if name in self.tables else {}

    @property
    def utterances(self) -> tuple[str, ...]:
        """The ids that segments, or else wav.scp, has."""
        return tuple(self.rows(self.listing))

    @property
    def listing(self) -> str:
        """The file that says which utterances there are."""
        return "segments" if "segments" in self.tables else "wav.scp"

    def speaker(self, utterance: str) -> str:
        """The speaker of an utterance; itself where no file names one."""
        return self.rows("utt2spk").get(utterance, utterance)


def read_folder(path: Path) -> Folder:
    """Read a data directory.

    Raises `UserError` when it is not there, or lacks wav.scp or text, or one of its files is empty.
    """
    if not exists(path):
        raise UserError(f"{path}: no such data directory")
    if not path.is_dir():
        raise UserError(
            f"{path}: expected a data directory, with wav.scp and text, found "
            f"{kind_of(path.stat().st_mode)}"
        )
    tables: dict[str, Table] = {}
    faults: list[Fault] = []
    for name in NAMES:
        if name in NEEDED or _is_there(path / name):
            tables[name] = read_table(path / name)
            faults += tables[name].faults
    channels = read_channels(path)
    parts = dict(_parts(path, tables, channels, faults))
    recordings = []
    where = str(tables["wav.scp"].path)
    for name, value in tables["wav.scp"].rows.items():
        own = tuple(parts.get(name, ()))
        if leads_up(value) and not is_command(value):
            faults.append(
                Fault(
                    "path", str(path), name, where, "a path without '..': write it in full", value
                )
            )
        if is_command(value):
            faults.append(
                Fault("command", str(path), name, where, "a file: write the output to one", value)
            )
        elif value and own:
            recordings.append(Recording(name, value, own))
    faults += [*_disagreements(path, tables), *_durations(path, tables)]
    faults += [*_speakers(path, tables), *_clashes(path, tables), *_reverse(path, tables)]
    return Folder(path, tables, tuple(recordings), tuple(faults))


def _parts(
    path: Path, tables: Mapping[str, Table], channels: Mapping[str, int], faults: list[Fault]
) -> dict[str, list[Part]]:
    """The utterances of each recording; a segment that cannot be read becomes a fault."""
    if "segments" not in tables:
        return {name: [Part(name, channel=channels.get(name))] for name in tables["wav.scp"].rows}
    parts: dict[str, list[Part]] = {}
    for name, line in tables["segments"].rows.items():
        where = str(tables["segments"].path)
        try:
            segment = read_segment(line, tables["wav.scp"].rows, channels)
        except SegmentError as error:
            kind = "line" if error.is_line else "segment"
            faults.append(Fault(kind, str(path), name, where, error.expected, error.found))
            continue
        part = Part(name, segment.begin, segment.end, segment.channel)
        parts.setdefault(segment.recording, []).append(part)
    return parts


def _disagreements(path: Path, tables: Mapping[str, Table]) -> Iterator[Fault]:
    listing = "segments" if "segments" in tables else "wav.scp"
    listed = tables[listing].rows
    for name, table in tables.items():
        if name in (listing, "wav.scp"):
            continue
        for id_ in listed.keys() - table.rows.keys():
            yield Fault(
                "ids", str(path), id_, str(table.path), f"a line, as {listing} has one", "none"
            )
        for id_ in table.rows.keys() - listed.keys():
            yield Fault(
                "ids",
                str(path),
                id_,
                str(tables[listing].path),
                f"a line, as {name} has one",
                "none",
            )


def _durations(path: Path, tables: Mapping[str, Table]) -> Iterator[Fault]:
    if "utt2dur" not in tables:
        return
    table = tables["utt2dur"]
    for id_, value in table.rows.items():
        if value and seconds_of(value) is None:
            yield Fault("line", str(path), id_, str(table.path), "seconds", repr(value))


def seconds_of(value: str) -> float | None:
    """Return a duration as utt2dur has it, in seconds; None where it is no such number."""
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _speakers(path: Path, tables: Mapping[str, Table]) -> Iterator[Fault]:
    if "utt2spk" not in tables:
        return
    table = tables["utt2spk"]
    for id_, speaker in table.rows.items():
        if speaker and not id_.startswith(speaker):
            yield Fault(
                "speaker", str(path), id_, str(table.path), f"an id that begins with {speaker}", id_
            )


def _clashes(path: Path, tables: Mapping[str, Table]) -> Iterator[Fault]:
    listing = tables["segments" if "segments" in tables else "wav.scp"]
    speakers = tables["utt2spk"].rows if "utt2spk" in tables else {}
    for clash in clashes({id_: speakers.get(id_) or id_ for id_ in listing.rows}):
        expected = "an id of its own, with the speaker in front"
        found = f"{clash.name}, as {clash.first} becomes, too"
        yield Fault("one-name", str(path), clash.second, str(listing.path), expected, found)


def _is_there(file: Path) -> bool:
    """A link that leads nowhere was meant to be a file."""
    return file.exists() or file.is_symlink()


def _reverse(path: Path, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Whether spk2utt is there and says what utt2spk says."""
    file = path / "spk2utt"
    if "utt2spk" not in tables or not file.exists():
        return
    speakers: dict[str, set[str]] = {}
    for id_, speaker in tables["utt2spk"].rows.items():
        speakers.setdefault(speaker, set()).add(id_)
    said = {speaker: set(ids.split()) for speaker, ids in read_table(file).rows.items()}
    for speaker in sorted(speakers.keys() | said.keys()):
        expected, found = speakers.get(speaker, set()), said.get(speaker, set())
        words = []
        if expected - found:
            words.append(f"without {' '.join(sorted(expected - found)[:3])}")
        if found - expected:
            words.append(f"with {' '.join(sorted(found - expected)[:3])}")
        if words:
            told = " and ".join(words)
            yield Fault(
                "spk2utt", str(path), speaker, str(file), "what utt2spk says", told, mended=True
            )
