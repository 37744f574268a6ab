"""Common Voice's Spontaneous Speech: volunteers answer questions, and others write down what they
said.

A release has `ss-corpus-<language>.tsv` with `audios/` beside it. Its column `split` says the sets,
where it has all three; else the speakers are divided by a hash. What nobody has written down yet is
left out. Events in brackets are no part of a text, and an answer that has something nobody
understood is left out, as with one's own recordings.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.rows import Row, read_table
from parp_espnet.corpora.split_names import SPLIT_NAMES
from parp_espnet.corpora.spoken_clips import (
    SPLITS,
    Clip,
    check_language,
    divided,
    unshared,
    why_no_clip,
)
from parp_espnet.data.marks import Kind, read_marks, summary
from parp_espnet.errors import UserError

AUDIOS = "audios"

_COLUMNS = ("client_id", "audio_file", "transcription")
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


def find_table(root: Path, language: str) -> Path | None:
    """Return the table of a language in a release, or in a folder of releases; None where there is
    no such release.

    Raises `UserError` where the releases are of other languages, or there are no recordings beside
    the table.
    """
    tables = [*root.glob("ss-corpus-*.tsv"), *root.glob("*/ss-corpus-*.tsv")]
    if not tables:
        return None
    languages: dict[str, Path] = {}
    for path in sorted(tables):
        languages.setdefault(path.stem.removeprefix("ss-corpus-"), path)
    table = languages.get(language)
    if table is None:
        raise UserError(
            f"--commonvoice {root}: expected ss-corpus-{language}.tsv, found Spontaneous Speech of "
            f"{', '.join(sorted(languages))}; give the directory of {language}, or run another "
            f"recipe"
        )
    if not (table.parent / AUDIOS).is_dir():
        expected = f"no {AUDIOS}/ beside {table.name}; unpack the release as a whole"
        raise UserError(f"{table.parent}: {expected}")
    return table


def read_clips(path: Path, language: str, split: str) -> tuple[list[Clip], list[Reject], str]:
    """Return the clips of a set (one of `SPLITS`), what is rejected, and a note on sets and marks.

    Raises `UserError` when the table is of another language or lacks columns.
    """
    rows, rejected = _rows(path, language)
    sets: dict[str, list[Clip]] = {name: [] for name in ("", *SPLITS)}
    for clip, own in rows:
        sets[own].append(clip)
    nowhere = sets.pop("")
    if all(sets.values()):
        words = f"expected a set in the column split ({', '.join(SPLITS)}), found none"
        for clip in nowhere:
            rejected.append(Reject(clip.where, clip.name, Why.ALONE, words))
        note = ""
    else:
        sets = divided([clip for clip, _ in rows])
        note = "sets by speaker, since the column split has not all three"
    if split != "train":
        # Train's list has what is in no set.
        rejected = []
    clips, shared = unshared(sets, split)
    seen: Counter[tuple[Kind, str]] = Counter()
    told = []
    for clip in clips:
        without = _without_marks(clip, seen, rejected)
        if without is not None:
            told.append(without)
    notes = [note, shared]
    if seen:
        notes.append(f"marks in texts: {summary(seen)}")
    return told, rejected, "; ".join(filter(None, notes))


def _rows(path: Path, language: str) -> tuple[list[tuple[Clip, str]], list[Reject]]:
    """The clips of a table, each with its set, "" for none, and the rows that are none."""
    table = read_table(path)
    client, audio, text = table.columns(_COLUMNS)
    places: dict[str, int] = {}
    for name in ("split", "language"):
        if name in table.header:
            places[name] = table.header.index(name)
    rejected = list(table.rejected)
    clips: dict[str, Clip] = {}
    sets: dict[str, str] = {}
    for row in table.rows:
        name = row.fields[audio].strip().removesuffix(".mp3")
        clip = Clip(row.where, name, row.fields[client].strip(), " ".join(row.fields[text].split()))
        said = _cell(row, places, "language")
        # A release may have the language's name there.
        if _CODE.fullmatch(said):
            check_language(row.where, name, said, language)
        reason = why_no_clip(clip, clips.get(name), "audio_file")
        if reason is not None:
            rejected.append(Reject(row.where, name, Why.ROW, reason))
        elif not clip.sentence:
            # Most of a release may wait to be written down.
            rejected.append(
                Reject(row.where, name, Why.ALONE, "expected a transcription, found none")
            )
        else:
            clips[name] = clip
            sets[name] = SPLIT_NAMES.get(_cell(row, places, "split").lower(), "")
    return list(zip(clips.values(), sets.values(), strict=True)), rejected


def _cell(row: Row, places: Mapping[str, int], column: str) -> str:
    return row.fields[places[column]].strip() if column in places else ""


def _without_marks(
    clip: Clip, seen: Counter[tuple[Kind, str]], rejected: list[Reject]
) -> Clip | None:
    marked = read_marks(clip.sentence)
    seen.update(marked.marks)
    if fault := marked.fault(Kind.UNWRITTEN):
        rejected.append(Reject(clip.where, clip.name, Why.ALONE, fault))
        return None
    if not marked.text:
        rejected.append(
            Reject(clip.where, clip.name, Why.TEXT, "expected a text, found marks alone")
        )
        return None
    return replace(clip, sentence=marked.text)
