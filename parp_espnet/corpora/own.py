"""Recordings of one's own, in any layout of `parp_espnet.corpora.layouts`.

Sets are the directories or lists train, dev and test, where there are such, or those of a list's column; otherwise
speakers are divided by a hash of their names, eight tenths to train, and, with fewer than three speakers, sentences are
(`parp_espnet.corpora.sets`). The text holds phones with spaces between them, or is phonemised in a language of eSpeak
NG's, or spelled (`letters`). Marks of events and of what nobody understood are no text (`parp_espnet.corpora.marks`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from parp_espnet.corpora.choose import rank, taking_turns
from parp_espnet.corpora.clips import seconds_of
from parp_espnet.corpora.decoders import need_decoder
from parp_espnet.corpora.kaldi import Utterance
from parp_espnet.corpora.layouts import SPLITS, Item
from parp_espnet.corpora.marks import Kind, Marked, Marks, read_marks, summary
from parp_espnet.corpora.rejects import Made, UnusableError, Why
from parp_espnet.corpora.sets import How, choose_set
from parp_espnet.corpora.take import need_minutes, take
from parp_espnet.corpora.wav import write_wav
from parp_espnet.corpora.words import find_words, not_phones
from parp_espnet.errors import UserError
from parp_espnet.files import is_file
from parp_espnet.phones.phonemiser import WrongScriptError, units_of


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

    Parts of recordings, and recordings in arks, are written into the directory `wavs`.

    Raises `UserError` when `root` has none of the layouts, lacks a set or the text for three, holds words where phones
    are expected, or has less speech than asked for.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    how = how or How()
    chosen = choose_set(root, split, how)
    if phonemise is None and not how.words:
        _refuse_words(root, chosen.items, how)
    wanted = float("inf") if minutes is None else minutes
    turns = taking_turns(chosen.items, lambda item: item.speaker or item.name, lambda item: item.name)
    seen: Counter[tuple[Kind, str]] = Counter()

    def use(item: Item) -> Utterance:
        said = _said(item, phonemise, how, seen)
        return _utterance(item, said, wavs, language, phonemise)

    utterances, more = take(turns, use, wanted, f"{root.name} {split}")
    rejected = (*chosen.rejected, *more)
    option = {"train": "train_minutes", "dev": "valid_minutes", "test": "test_minutes"}[split]
    need_minutes(str(root), utterances, wanted, len(rejected), option, chosen.why)
    marks = f"marks in texts: {summary(seen)}" if seen else ""
    return Made(utterances, rejected, "; ".join(filter(None, [chosen.note, marks])))


def _refuse_words(root: Path, items: Sequence[Item], how: How) -> None:
    tokens = (token for item in items for token in _marked(item, None, how).text.split())
    if words := find_words(tokens):
        raise UserError(f"--own {root}: {not_phones(words)}")


def _marked(item: Item, phonemise: str | None, how: How) -> Marked:
    if how.marks is Marks.KEEP:
        return Marked(item.text, ())
    return read_marks(item.text, of_phones=phonemise is None and not how.words)


def _said(item: Item, phonemise: str | None, how: How, seen: Counter[tuple[Kind, str]]) -> str:
    """The text of an item without marks, which are counted. Raises `UnusableError` where it is to be left out."""
    marked = _marked(item, phonemise, how)
    seen.update(marked.marks)
    refused = {Marks.DROP: [Kind.UNWRITTEN], Marks.UTTERANCE: [Kind.UNWRITTEN, Kind.EVENT]}.get(how.marks, [])
    for kind, mark in marked.marks:
        if kind in refused:
            raise UnusableError(Why.MARKS, f"expected all that is said, found {mark} ({kind})")
    if not marked.text and marked.marks:
        raise UnusableError(Why.TEXT, f"expected a text, found marks alone ({marked.marks[0][1]})")
    return marked.text


def _utterance(item: Item, said: str, wavs: Path, language: str, phonemise: str | None) -> Utterance:
    phones = _units(said, phonemise)
    name = _word(item.name)
    speaker = _word(item.speaker) if item.speaker else rank(item.name)[:10]
    id_ = name if name.startswith(f"{speaker}-") else f"{speaker}-{name}"
    whole = item.begin is None and not item.is_ark
    path = Path(item.audio) if whole else _written(item, wavs / f"{id_}.wav")
    seconds = seconds_of(path, phones)
    return Utterance(id_, speaker, language, str(path), phones, item.text, seconds)


def _units(text: str, phonemise: str | None) -> tuple[str, ...]:
    try:
        phones = tuple(text.split()) if phonemise is None else units_of(phonemise, text)
    except WrongScriptError as error:
        raise UnusableError(Why.SCRIPT, str(error)) from None
    except ValueError as error:
        raise UnusableError(Why.TEXT, str(error)) from None
    if not phones:
        raise UnusableError(Why.TEXT, "expected a text, found none")
    return phones


def _word(name: str) -> str:
    """A name as an id, which has to be one word; what is changed gets a hash, so that two never become one."""
    word = re.sub(r"[^\w.=+-]+", "_", name.replace("/", "-")).strip("_")
    return word if word == name.replace("/", "-") else f"{word}_{rank(name)[:6]}"


def _written(item: Item, wav: Path) -> Path:
    """Write a part of a recording, or one out of an ark, to a file of its own."""
    samples, rate = _samples(item)
    begin, end = (None if time is None else round(time * rate) for time in (item.begin, item.end))
    # A segment may end a little after its recording, as Kaldi allows it.
    if end is not None and end > len(samples) + rate // 10:
        found = f"found {item.begin or 0:g} to {item.end or 0:g} s"
        raise UnusableError(Why.ROW, f"expected a part of {len(samples) / rate:.2f} s, {found}")
    wav.parent.mkdir(parents=True, exist_ok=True)
    write_wav(wav, samples[begin:end], rate, sync=False)
    return wav


def _samples(item: Item) -> tuple[NDArray[np.int16], int]:
    if not item.is_ark:
        if not is_file(item.audio):
            raise UnusableError(Why.MISSING, f"expected the recording {item.audio}, found none")
        need_decoder(Path(item.audio))
        try:
            samples, rate = soundfile.read(item.audio, dtype="int16")
        except soundfile.SoundFileError as error:
            raise UnusableError(Why.AUDIO, f"undecodable: {item.audio}: {' '.join(str(error).split())}") from None
        return samples, int(rate)
    # Imported here: few have arks.
    import kaldiio  # noqa: PLC0415

    try:
        loaded = kaldiio.load_mat(item.audio)
    except FileNotFoundError:
        raise UnusableError(Why.MISSING, f"expected the recording {item.audio}, found none") from None
    except Exception as error:
        # kaldiio raises whatever a damaged ark leads it to.
        raise UnusableError(Why.AUDIO, f"undecodable: {item.audio}: {' '.join(str(error).split())}") from None
    if not isinstance(loaded, tuple):
        raise UnusableError(Why.AUDIO, f"features: {item.audio}: expected waves, found a matrix; give the recordings")
    rate, samples = sorted(loaded, key=lambda part: isinstance(part, np.ndarray))
    if samples.dtype != np.int16:
        samples = np.asarray(np.clip(samples, -1, 1) * 32767, np.int16)
    return samples, int(rate)
