"""Kaldi data directories: the one form in which every corpus is handed on.

    wav.scp    <utt> <path of a 16 kHz mono 16-bit wav>, absolute or from the recipe's directory
    text       <utt> <phone> <phone> …, in IPA
    orig_text  <utt> <what was written>
    utt2spk, spk2utt, utt2lang, utt2dur, the last in seconds

All files are sorted by bytes (LC_ALL=C), as Kaldi wants, and an utterance's id begins with its
speaker's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePath

from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.files import write_text
from parp_espnet.names import why_no_id

_FILES = ("wav.scp", "text", "orig_text", "utt2spk", "utt2lang", "utt2dur")
_MISSING = "no such file; the data directory is incomplete, make it again"


@dataclass(frozen=True)
class Utterance:
    """One recording: `wav` is its path, `phones` its IPA phones, `text` as it was written,
    `duration` in seconds.
    """

    id: str
    speaker: str
    language: str
    wav: str
    phones: tuple[str, ...]
    text: str
    duration: float


def write_data_dir(path: Path, utterances: Iterable[Utterance]) -> None:
    """Write a data directory; each of its files is replaced in one step.

    Raises `UserError` when there is no utterance, an id is there twice, does not begin with its
    speaker or has a space, or an utterance has no phones or no duration.
    """
    ordered = sorted(utterances, key=lambda utterance: utterance.id.encode())
    if not ordered:
        raise UserError(f"{path}: no utterance to write; expected at least one")
    for utterance in ordered:
        _check(path, utterance)
    for utterance, following in pairwise(ordered):
        if utterance.id == following.id:
            raise UserError(f"{path}: two utterances have the id {utterance.id}; ids must differ")
    contents: dict[str, list[str]] = {}
    said: dict[str, list[str]] = {}
    for utterance in ordered:
        values = {
            "wav.scp": utterance.wav,
            "text": " ".join(utterance.phones),
            "orig_text": " ".join(utterance.text.split()),
            "utt2spk": utterance.speaker,
            "utt2lang": utterance.language,
            "utt2dur": f"{utterance.duration:.3f}",
        }
        for name, value in values.items():
            contents.setdefault(name, []).append(f"{utterance.id} {value}\n")
        said.setdefault(utterance.speaker, []).append(utterance.id)
    for speaker in sorted(said, key=str.encode):
        line = f"{speaker} {' '.join(said[speaker])}\n"
        contents.setdefault("spk2utt", []).append(line)
    for name, lines in contents.items():
        write_text(path / name, "".join(lines))


def read_data_dir(path: Path) -> list[Utterance]:
    """Read a data directory, sorted by id.

    Raises `UserError` when the directory or a file of it is missing or empty, when an utterance is
    in one file and not in another, or when a line cannot be read.
    """
    if not path.is_dir():
        raise UserError(
            f"{path}: no such data directory; make it first (python3 -m "
            f"parp_espnet.bin.make_corpus)"
        )
    tables = {name: read_table(path / name, _MISSING, blank=False) for name in _FILES}
    ids = tables["wav.scp"].keys()
    for name, table in tables.items():
        for different in sorted(ids ^ table.keys()):
            has, lacks = ("wav.scp", name) if different in ids else (name, "wav.scp")
            raise UserError(
                f"{path}: utterance {different} is in {has} and not in {lacks}; make the "
                f"directory again"
            )
    utterances = []
    for id_ in sorted(ids, key=str.encode):
        utterance = Utterance(
            id=id_,
            speaker=tables["utt2spk"][id_],
            language=tables["utt2lang"][id_],
            wav=tables["wav.scp"][id_],
            phones=tuple(tables["text"][id_].split()),
            text=tables["orig_text"][id_],
            duration=_seconds(path / "utt2dur", id_, tables["utt2dur"][id_]),
        )
        _check(path, utterance)
        utterances.append(utterance)
    return utterances


def is_command(value: str) -> bool:
    """Whether what wav.scp names is no file: a pipe from or to a command, or a standard stream."""
    return value.startswith("|") or value.endswith("|") or value == "-"


def leads_up(value: str) -> bool:
    """Whether a path of wav.scp has a `..`: it may lead out of where the recordings are
    said to be.
    """
    return ".." in PurePath(value).parts


def _check(path: Path, utterance: Utterance) -> None:
    problem = None
    odd, odd_speaker = why_no_id(utterance.id), why_no_id(utterance.speaker)
    if odd is not None:
        problem = f"an id must be {odd}"
    elif odd_speaker is not None:
        problem = f"speaker {utterance.speaker!r}: an id must be {odd_speaker}"
    elif not utterance.id.startswith(f"{utterance.speaker}-"):
        problem = f"an id must begin with its speaker and a dash, {utterance.speaker}-"
    elif not utterance.wav:
        problem = "no recording is named"
    elif not utterance.phones:
        problem = "there are no phones"
    elif not utterance.duration > 0:
        problem = f"the duration is {utterance.duration} s, expected more than 0"
    if problem:
        raise UserError(f"{path}: utterance {utterance.id!r}: {problem}")


def _seconds(path: Path, id_: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UserError(f"{path}: utterance {id_}: expected seconds, found {value!r}") from None
