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
from parp_espnet.corpora.spoken_clips import SPLITS, Clip, check_language, divided, unshared
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
    table = next((path for path in sorted(tables) if path.stem == f"ss-corpus-{language}"), None)
    if table is None:
        found = ", ".join(sorted({path.stem.removeprefix("ss-corpus-") for path in tables}))
        raise UserError(
            f"--commonvoice {root}: expected ss-corpus-{language}.tsv, found Spontaneous Speech of "
            f"{found}; give the directory of {language}, or run another recipe"
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
    sets = {name: [clip for clip, own in rows if own == name] for name in SPLITS}
    if all(sets.values()):
        words = f"expected a set in the column split ({', '.join(SPLITS)}), found none"
        rejected += [Reject(one.where, one.name, Why.ALONE, words) for one, own in rows if not own]
        note = ""
    else:
        sets = divided([clip for clip, _ in rows])
        note = "sets by speaker, since the column split has not all three"
    if split != "train":
        # Train's list has what is in no set.
        rejected = []
    clips, shared = unshared(sets, split)
    seen: Counter[tuple[Kind, str]] = Counter()
    told = [_without_marks(clip, seen, rejected) for clip in clips]
    marks = f"marks in texts: {summary(seen)}" if seen else ""
    note = "; ".join(filter(None, [note, shared, marks]))
    return [clip for clip in told if clip is not None], rejected, note


def _rows(path: Path, language: str) -> tuple[list[tuple[Clip, str]], list[Reject]]:
    """The clips of a table, each with its set, "" for none, and the rows that are none."""
    table = read_table(path)
    client, audio, text = table.columns(_COLUMNS)
    places: dict[str, int] = {}
    for name in ("split", "language"):
        if name in table.header:
            places[name] = table.header.index(name)
    rejected = list(table.rejected)
    found: dict[str, tuple[Clip, str]] = {}
    for row in table.rows:
        name = row.fields[audio].strip().removesuffix(".mp3")
        clip = Clip(row.where, name, row.fields[client].strip(), " ".join(row.fields[text].split()))
        said = _cell(row, places, "language")
        # A release may have the language's name there.
        if _CODE.fullmatch(said):
            check_language(row.where, name, said, language)
        reason = (
            "expected the speaker in client_id, found none" if not clip.client
            else "expected a recording in audio_file, found none" if not name
            else "expected a recording, found a path that leads elsewhere" if "/" in name
            else f"expected each clip once, found it first in "
                 f"{found[name][0].where}" if name in found
            else None
        )  # fmt: skip
        if reason is not None:
            rejected.append(Reject(row.where, name, Why.ROW, reason))
        elif not clip.sentence:
            # Most of a release may wait to be written down.
            rejected.append(
                Reject(row.where, name, Why.ALONE, "expected a transcription, found none")
            )
        else:
            found[name] = (clip, SPLIT_NAMES.get(_cell(row, places, "split").lower(), ""))
    return list(found.values()), rejected


def _cell(row: Row, places: Mapping[str, int], column: str) -> str:
    return row.fields[places[column]].strip() if column in places else ""


def _without_marks(
    clip: Clip, seen: Counter[tuple[Kind, str]], rejected: list[Reject]
) -> Clip | None:
    marked = read_marks(clip.sentence)
    seen.update(marked.marks)
    unwritten = [mark for kind, mark in marked.marks if kind is Kind.UNWRITTEN]
    if unwritten:
        reason = f"expected all that is said, found {unwritten[0]} ({Kind.UNWRITTEN})"
        rejected.append(Reject(clip.where, clip.name, Why.ALONE, reason))
        return None
    if not marked.text:
        rejected.append(
            Reject(clip.where, clip.name, Why.TEXT, "expected a text, found marks alone")
        )
        return None
    return replace(clip, sentence=marked.text)
