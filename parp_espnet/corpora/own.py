"""Recordings of one's own, in any layout of `parp_espnet.corpora.layouts`.

Sets are the directories or lists train, dev and test, where there are such, or those of a list's
column; otherwise speakers are divided by a hash of their names, eight tenths to train, and, with
fewer than three speakers, sentences are (`parp_espnet.corpora.sets`). The text holds phones with
spaces between them, or is phonemised in a language of eSpeak NG's or by a table
(`parp_espnet.phones.rules`), or spelled (`letters`). Marks of events and of what nobody understood
are no text (`parp_espnet.data.marks`).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.corpora.choose import rank, taking_turns
from parp_espnet.corpora.clips import WHY, seconds_of
from parp_espnet.corpora.items import Item
from parp_espnet.corpora.known.phonemise import is_language
from parp_espnet.corpora.layouts import SPLITS
from parp_espnet.corpora.rejects import Made, UnusableError, Why
from parp_espnet.corpora.sets import How, all_texts, choose_set
from parp_espnet.corpora.spelling import make_speller
from parp_espnet.corpora.take import need_minutes, take
from parp_espnet.data.check.judge import UNSCALED
from parp_espnet.data.ids import with_speaker
from parp_espnet.data.kaldi import Utterance
from parp_espnet.data.marks import Kind, Marked, Marks, read_marks, summary
from parp_espnet.data.words import find_words, hold_phones, not_phones, not_words
from parp_espnet.errors import UserError
from parp_espnet.names import file_name
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.sound.errors import SoundError, Trouble, is_windows_path
from parp_espnet.sound.ffmpeg import need_ffmpeg
from parp_espnet.sound.recording import Sound
from parp_espnet.sound.segments import OpenSounds, part_of
from parp_espnet.sound.wav import write_wav


def read(
    root: Path,
    split: str,
    wavs: Path,
    language: str,
    phonemise: str | None = None,
    minutes: float | None = None,
    how: How | None = None,
) -> Made:
    """Return a set (one of `SPLITS`) of the recordings at `root`, all or about `minutes` of it.

    Parts of recordings, recordings in arks, and channels of recordings are written into the
    directory `wavs`.

    Raises `UserError` when `root` has none of the layouts, lacks a set or the text for three, holds
    words where phones are expected, or has less speech than asked for.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    how = how or How()
    chosen = choose_set(root, split, how)
    if phonemise is None and not how.words:
        _refuse_words(root, chosen.items, how)
    if phonemise is not None and is_language(phonemise):
        _refuse_phones(root, phonemise, chosen.items, how)
    wanted = float("inf") if minutes is None else minutes
    turns = taking_turns(
        chosen.items, lambda item: item.speaker or item.name, lambda item: item.name
    )
    seen: Counter[tuple[Kind, str]] = Counter()
    # All sets are spelled alike.
    speller = make_speller(phonemise, _all_said(root, how))
    averaged: set[str] = set()

    need_ffmpeg(item.audio for item in chosen.items)
    ids = _ids(chosen.items)

    with OpenSounds() as sounds:

        def use(item: Item) -> Utterance:
            phones = speller.units(_said(item, phonemise, how, seen))
            utterance = _utterance(item, ids[item.name], phones, sounds, wavs, language)
            if _is_averaged(item, sounds):
                averaged.add(item.audio)
            return utterance

        utterances, more = take(turns, use, wanted, f"{root.name} {split}")
    rejected = (*chosen.rejected, *more)
    option = {"train": "train_minutes", "dev": "valid_minutes", "test": "test_minutes"}[split]
    need_minutes(str(root), utterances, wanted, len(rejected), option, chosen.why)
    marks = f"marks in texts: {summary(seen)}" if seen else ""
    left = len(turns) - len(utterances) - len(more)
    enough = f"{left} more are in no set: {wanted:g} min are enough" if left and utterances else ""
    several = _several(averaged)
    note = "; ".join(filter(None, [chosen.note, enough, several, marks, speller.note]))
    sources = [item.audio for item in chosen.items]
    return Made(utterances, rejected, note, sources)


def _is_averaged(item: Item, sounds: OpenSounds) -> bool:
    """Whether an item is written as the average of several channels. Of whole recordings, which
    stay as they are, the check of the data says it.
    """
    if item.channel is not None or _is_whole(item):
        return False
    return sounds.get(item.audio).channels > 1


def _several(averaged: Collection[str]) -> str:
    """Say of which recordings the channels are averaged; nothing where it is none."""
    if not averaged:
        return ""
    return (
        f"the channels of {len(averaged)} recordings are averaged, since nothing says which one an "
        f"utterance is in ({min(averaged)})"
    )


def _refuse_words(root: Path, items: Sequence[Item], how: How) -> None:
    tokens: set[str] = set()
    for item in items:
        tokens.update(_without_marks(item.text, None, how).text.split())
    words = find_words(tokens)
    if words:
        raise UserError(f"--own {root}: {not_phones(words)}")


def _refuse_phones(root: Path, language: str, items: Sequence[Item], how: How) -> None:
    texts = [_without_marks(item.text, language, how).text for item in items]
    if hold_phones(texts):
        raise UserError(f"--own {root}: {not_words(language, texts)}")


def _all_said(root: Path, how: How) -> Iterator[str]:
    for text in all_texts(root, how):
        yield _without_marks(text, LETTERS, how).text


def _without_marks(text: str, phonemise: str | None, how: How) -> Marked:
    if how.marks is Marks.KEEP:
        return Marked(text, ())
    return read_marks(text, of_phones=phonemise is None and not how.words)


def _said(item: Item, phonemise: str | None, how: How, seen: Counter[tuple[Kind, str]]) -> str:
    """The text of an item without marks, which are counted. Raises `UnusableError` where it is to
    be left out.
    """
    marked = _without_marks(item.text, phonemise, how)
    seen.update(marked.marks)
    refused = {Marks.DROP: [Kind.UNWRITTEN], Marks.UTTERANCE: [Kind.UNWRITTEN, Kind.EVENT]}.get(
        how.marks, []
    )
    if fault := marked.fault(*refused):
        raise UnusableError(Why.MARKS, fault)
    if not marked.text and marked.marks:
        raise UnusableError(Why.TEXT, f"expected a text, found marks alone ({marked.marks[0][1]})")
    return marked.text


def _ids(items: Sequence[Item]) -> dict[str, str]:
    """The id of each item, by its name. Those that would have one id, as ana/x/1 and ana/x-1, get a
    hash.
    """
    ids = {item.name: with_speaker(_word(item.name), _speaker(item)) for item in items}
    times = Counter(ids.values())
    for name, id_ in ids.items():
        if times[id_] > 1:
            ids[name] = f"{id_}_{rank(name)[:6]}"
    return ids


def _speaker(item: Item) -> str:
    return _word(item.speaker) if item.speaker else rank(item.name)[:10]


def _utterance(
    item: Item, id_: str, phones: tuple[str, ...], sounds: OpenSounds, wavs: Path, language: str
) -> Utterance:
    path = Path(item.audio)
    if not _is_whole(item):
        path = _written(item, sounds, wavs / file_name(id_, ".wav"))
    seconds = seconds_of(path, phones)
    return Utterance(id_, _speaker(item), language, str(path), phones, item.text, seconds)


def _is_whole(item: Item) -> bool:
    """Whether an item's recording is used as it is, and nothing written."""
    return item.begin is None and not item.is_ark and item.channel is None


def _word(name: str) -> str:
    """A name as an id, which has to be one word; what is changed gets a hash, so that two never
    become one.
    """
    word = re.sub(r"[^\w.=+-]+", "_", name.replace("/", "-")).strip("_")
    return word if word == name.replace("/", "-") else f"{word}_{rank(name)[:6]}"


def _written(item: Item, sounds: OpenSounds, wav: Path) -> Path:
    """Write a part or a channel of a recording, or one out of an ark, to a file of its own."""
    try:
        sound = sounds.get(item.audio)
        # A segment may end a little after its recording, as Kaldi allows it.
        if (
            item.end is not None
            and round(item.end * sound.rate) > sound.frames() + sound.rate // 10
        ):
            found = f"found {item.begin or 0:g} to {item.end:g} s"
            raise UnusableError(
                Why.ROW, f"expected a part of {sound.frames() / sound.rate:.2f} s, {found}"
            )
        samples = _samples(item, sound)
    except SoundError as error:
        if error.trouble is Trouble.DECODER:
            raise
        lost = error.trouble is Trouble.MISSING and is_windows_path(item.audio)
        why = Why.PATH if lost else WHY.get(str(error.trouble), Why.AUDIO)
        raise UnusableError(why, error.reason) from None
    except ValueError as error:
        raise UnusableError(Why.ROW, f"channel: {item.audio}: {error}") from None
    wav.parent.mkdir(parents=True, exist_ok=True)
    write_wav(wav, samples, sound.rate, sync=False)
    return wav


def _samples(item: Item, sound: Sound) -> NDArray[np.float32]:
    samples = part_of(sound, item.begin, item.end, item.channel)
    if not np.isfinite(samples).all():
        raise UnusableError(
            Why.SILENT, f"nan: {item.audio}: expected finite samples, found some that are not"
        )
    peak = float(np.abs(samples).max(initial=0))
    if peak >= UNSCALED:
        raise UnusableError(
            Why.SILENT,
            f"scale: {item.audio}: expected samples in [-1, 1], found some of {peak:.6g}",
        )
    return np.clip(samples, -1, 1)
