"""A clean copy of data directories: without what is at fault, and with what can be mended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soxr

from parp_espnet.data.check.audio import Heard
from parp_espnet.data.check.faults import Fault, Level
from parp_espnet.data.check.folder import Folder
from parp_espnet.data.check.judge import RATE
from parp_espnet.data.check.report import table
from parp_espnet.data.check.run import Findings
from parp_espnet.data.lines import pairs_of
from parp_espnet.data.segments import CHANNELS
from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of, write_text
from parp_espnet.names import file_name
from parp_espnet.phones.characters import decomposed
from parp_espnet.progress import track
from parp_espnet.sound.channels import mono
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.wav import write_wav

REJECTED = "rejected.tsv"

_RESAMPLED = ("rate", "channels")
_FORMS = ("normal-form", "mixed-forms")


def fix(findings: Findings, outs: Sequence[Path], resample: bool, jobs: int = 1) -> list[str]:
    """Write a clean copy of each directory to the place of it in `outs`; return a line about each.

    An utterance with a fault of level error is left out, and said to be in `rejected.tsv`; but
    order, characters that may not be there, normal forms, and lines that are there twice are
    mended. With `resample`, a recording that is not 16 kHz mono gets a copy that is, in `wav/` of
    the clean directory. Nothing else is changed or written.

    Raises:
        UserError: an `outs` is there and not of our making, or nothing would be left in it.
    """
    _check(findings, outs)
    return [_fix(findings, number, out, resample, jobs) for number, out in enumerate(outs)]


def _check(findings: Findings, outs: Sequence[Path]) -> None:
    if len(outs) != len(findings.folders):
        raise UserError(
            f"--out: expected {len(findings.folders)} directories, one for each, found {len(outs)}"
        )
    if len(set(map(Path.resolve, outs))) < len(outs):
        raise UserError(f"--out {' '.join(map(str, outs))}: expected different directories")
    for out in outs:
        if out.exists() and not (out / REJECTED).is_file():
            raise UserError(
                f"--out {out}: expected a new directory, found one without {REJECTED}; name another"
            )


def _fix(findings: Findings, number: int, out: Path, resample: bool, jobs: int) -> str:
    folder = findings.folders[number]
    causes = []
    rejected: set[str] = set()
    for fault in findings.of(Level.ERROR):
        mended = fault.mended or (resample and fault.kind in _RESAMPLED)
        if fault.folder == folder.name and not mended:
            causes.append(fault)
            rejected.update(_utterances_of(folder, fault))
    kept: list[str] = []
    recordings: dict[str, str] = {}
    for recording in folder.recordings:
        left = [part.utterance for part in recording.parts if part.utterance not in rejected]
        kept += left
        if left:
            recordings[recording.id] = recording.path
    if not kept:
        raise UserError(
            f"{folder.name}: every utterance is at fault, expected one to be left; see the list"
        )
    # First, since it says that the directory is ours.
    write_text(out / REJECTED, table(causes))
    copies = _resample(findings.heard[number], recordings, out, jobs) if resample else {}
    for name, content in _files(findings, folder, kept, recordings | copies):
        write_text(out / name, content)
    return (
        f"{out}: {len(kept)} of the {len(folder.utterances)} utterances of {folder.name}, "
        f"{len(copies)} recordings "
        f"resampled; the others are in {out / REJECTED}"
    )


def _utterances_of(folder: Folder, fault: Fault) -> Iterator[str]:
    """The utterances that a fault is one of: its own, or those of its recording,
    speaker or phone.
    """
    if fault.kind == "unseen":
        for id_, text in folder.rows("text").items():
            if fault.utterance in map(decomposed, text.split()):
                yield id_
    elif fault.kind == "same-speaker":
        for id_ in folder.utterances:
            if folder.speaker(id_) == fault.utterance:
                yield id_
    else:
        yield fault.utterance
        for recording in folder.recordings:
            if recording.id == fault.utterance:
                yield from (part.utterance for part in recording.parts)


def _files(
    findings: Findings, folder: Folder, kept: Iterable[str], recordings: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Name and content of each file of the clean directory."""
    ids = sorted(kept)
    # Letters may be composed; only where a form is a fault, all get the same.
    mends_forms = any(fault.kind in _FORMS for fault in findings.faults)
    for name, own in folder.tables.items():
        rows = {id_: own.rows[id_] for id_ in ids if id_ in own.rows}
        if name == "wav.scp":
            rows = dict(recordings)
        elif name == "text" and mends_forms:
            rows = {id_: decomposed(text) for id_, text in rows.items()}
        yield name, _content(rows)
    if (folder.path / CHANNELS).exists():
        channels = {}
        for id_, value in pairs_of(lines_of(text_of(folder.path / CHANNELS))):
            if id_ in recordings:
                channels[id_] = " ".join(value.split())
        yield CHANNELS, _content(channels)
    if "utt2spk" in folder.tables:
        said: dict[str, list[str]] = {}
        for id_ in ids:
            said.setdefault(folder.speaker(id_), []).append(id_)
        yield "spk2utt", _content({speaker: " ".join(words) for speaker, words in said.items()})


def _content(rows: Mapping[str, str]) -> str:
    lines = []
    for key, value in sorted(rows.items()):
        lines.append(f"{key} {value}".rstrip() + "\n")
    return "".join(lines)


def _resample(
    heard: Iterable[Heard], wanted: Mapping[str, str], out: Path, jobs: int
) -> dict[str, str]:
    """Write 16 kHz mono copies of what is not that; return the path of each by the
    recording's id.
    """
    others = []
    for hearing in heard:
        is_kept = hearing.recording.id in wanted and hearing.problem is None
        # Utterances of different channels need them all.
        channels = {part.channel for part in hearing.recording.parts}
        is_other = (hearing.rate, hearing.channels) != (RATE, 1)
        if is_kept and is_other and len(channels) == 1:
            others.append(hearing)

    def convert(hearing: Heard) -> tuple[str, str]:
        copy = out / "wav" / file_name(hearing.recording.id, ".wav")
        with open_sound(hearing.recording.path) as sound:
            samples = mono(sound.read(), hearing.recording.parts[0].channel)
        write_wav(copy, np.clip(soxr.resample(samples, hearing.rate, RATE), -1, 1), RATE)
        return hearing.recording.id, str(copy)

    with ThreadPoolExecutor(jobs) as threads:
        return dict(track(threads.map(convert, others), "resample", "recording", len(others)))
