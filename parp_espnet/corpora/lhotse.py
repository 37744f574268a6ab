"""lhotse's manifests (.jsonl, .jsonl.gz): supervisions with their recordings beside them, or cuts,
which have both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parp_espnet.corpora.json_lists import read_json_lines
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.sheets import Entries, Entry
from parp_espnet.errors import UserError

_CUTS = ("MonoCut", "MultiCut", "MixedCut")
_HARMLESS = ("Resample", "Volume", "LoudnessNormalization")
"""What may be done to a recording that changes no time and no word in it."""

type Object = Mapping[str, Any]


def is_manifest(path: Path) -> bool:
    """Whether a file's name is that of lhotse's supervisions or cuts."""
    name = path.name.lower()
    return ".jsonl" in name and ("supervisions" in name or "cuts" in name)


def holds_cuts(path: Path) -> bool:
    """Whether a file of JSON lines, whatever its name, begins with one of lhotse's cuts."""
    objects, _ = read_json_lines(path)
    first = objects[0][1] if objects else {}
    return isinstance(first.get("supervisions"), list) or str(first.get("type")) in _CUTS


def is_recordings(path: Path) -> bool:
    """Whether a file's name is that of lhotse's recordings, which belong to supervisions."""
    return ".jsonl" in path.name.lower() and "recordings" in path.name.lower()


def read_manifest(path: Path) -> Entries:
    """Read supervisions and the recordings beside them, or cuts. Raises `UserError` when one is not
    there.
    """
    objects, rejected = read_json_lines(path)
    entries: list[Entry] = []
    is_cuts = "cuts" in path.name.lower() or holds_cuts(path)
    recordings = {} if is_cuts else _recordings(path)
    for where, value in objects:
        for part, begin, recording in _parts(value, recordings):
            try:
                entries.append(_entry(where, part, begin, recording))
            except (KeyError, TypeError, ValueError) as error:
                reason = f"expected lhotse's fields, found none of {error}"
                if type(error) is ValueError:
                    reason = str(error)
                rejected.append(Reject(where, str(part.get("id", "")), Why.ROW, reason))
    return Entries(entries, rejected)


def _recordings(path: Path) -> dict[str, Object]:
    other = path.with_name(path.name.replace("supervisions", "recordings"))
    if not other.is_file():
        raise UserError(
            f"--own {path}: expected {other.name} beside it, found none; lhotse writes both"
        )
    return {str(value.get("id")): value for _, value in read_json_lines(other)[0]}


def _parts(
    value: Object, recordings: Mapping[str, Object]
) -> list[tuple[Object, float, Object | None]]:
    """The supervisions of a line, the second of the recording that each one's times count from, and
    the recording.
    """
    supervisions = value.get("supervisions")
    if str(value.get("type")) in _CUTS and not (isinstance(supervisions, list) and supervisions):
        return [(value, 0.0, None)]
    if not isinstance(supervisions, list):
        return [(value, 0.0, recordings.get(str(value.get("recording_id"))))]
    begin, recording = value.get("start"), value.get("recording")
    since = float(begin) if isinstance(begin, int | float) else 0.0
    whole = recording if isinstance(recording, dict) else None
    return [(part, since, whole) for part in supervisions if isinstance(part, dict)]


def _entry(where: str, part: Object, since: float, recording: Object | None) -> Entry:
    """A supervision as an entry. Raises `KeyError`, `TypeError` or `ValueError` when it is none
    that can be used.
    """
    if str(part.get("type")) in _CUTS:
        lacking = "several, mixed" if part.get("type") == "MixedCut" else "none"
        raise ValueError(f"expected a cut of one recording with its supervisions, found {lacking}")
    if recording is None:
        raise ValueError(
            f"expected its recording {part.get('recording_id')} among lhotse's, found none"
        )
    for change in recording.get("transforms") or []:
        if isinstance(change, dict) and str(change.get("name")) not in _HARMLESS:
            # Times are those of what lhotse would make of the file.
            raise ValueError(
                f"expected a recording as it is in its file, found it changed by lhotse "
                f"({change.get('name')})"
            )
    channels = recording.get("channel_ids") or [0]
    channel = _channel(part.get("channel"), channels) if len(channels) > 1 else None
    audio = _file(recording["sources"])
    begin, seconds = since + float(part["start"]), float(part["duration"])
    if begin < 0 or seconds <= 0:
        raise ValueError(f"expected a part from 0 s on, found {begin:g} s and {seconds:g} s of it")
    whole = float(recording["duration"])
    is_whole = begin < 0.001 and abs(seconds - whole) < 0.001
    text = part.get("text")
    speaker = part.get("speaker")
    return Entry(
        where,
        audio,
        " ".join(text.split()) if isinstance(text, str) else "",
        str(speaker) if speaker else None,
        None if is_whole else begin,
        None if is_whole else begin + seconds,
        name=str(part["id"]),
        channel=channel,
    )


def _channel(channel: object, channels: Sequence[int]) -> int | None:
    """The channel of the file that a supervision is of, by what its recording calls those that it
    has; where it is of several, they are averaged. Raises `ValueError` where it has not that one.
    """
    if isinstance(channel, list):
        if len(channel) != 1:
            return None
        (channel,) = channel
    if not isinstance(channel, int):
        return None
    if channel not in channels:
        known = ", ".join(map(str, channels))
        raise ValueError(f"expected a channel of its recording ({known}), found {channel}")
    return channels.index(channel)


def _file(sources: Sequence[Object]) -> str:
    if len(sources) != 1:
        raise ValueError(f"expected a recording in one file, found {len(sources)}; write it to one")
    source = sources[0]
    if source["type"] != "file":
        raise ValueError(
            f"expected a file, found a {source['type']} ({source['source']}); write it to a file"
        )
    return str(source["source"])
