"""Recordings of one's own, in any layout of `parp_espnet.corpora.layouts`.

Sets are the directories train, dev and test, where there are such; otherwise speakers are divided by a hash of their
names, eight tenths to train, and, with fewer than three speakers, sentences are. The text holds phones with spaces
between them, or is phonemised in a language of eSpeak NG's, or spelled (`letters`).
"""

import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.corpora.check.judge import UNSCALED
from parp_espnet.corpora.choose import partition, rank, taking_turns
from parp_espnet.corpora.clips import WHY, seconds_of
from parp_espnet.corpora.kaldi import Utterance
from parp_espnet.corpora.layouts import SPLITS, Item, Items, read_items
from parp_espnet.corpora.rejects import Made, UnusableError, Why
from parp_espnet.corpora.take import need_minutes, take
from parp_espnet.corpora.wav import write_wav
from parp_espnet.errors import UserError
from parp_espnet.phones.phonemiser import WrongScriptError, units_of
from parp_espnet.sound.errors import SoundError, Trouble, is_windows_path
from parp_espnet.sound.ffmpeg import need_ffmpeg
from parp_espnet.sound.reader import Sound
from parp_espnet.sound.segments import OpenSounds, part_of


def read(
    root: Path, split: str, wavs: Path, language: str, phonemise: str | None = None, minutes: float | None = None
) -> Made:
    """Return a set (one of `SPLITS`) of the recordings at `root`, all or about `minutes` of it.

    Parts of recordings, recordings in arks, and channels of recordings are written into the directory `wavs`.

    Raises `UserError` when `root` has none of the layouts, lacks a set or the text for three, or has less training
    speech than asked for.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    found, note = _set_of(root, split)
    wanted = float("inf") if minutes is None else minutes
    turns = taking_turns(found.items, lambda item: item.speaker or item.name, lambda item: item.name)

    need_ffmpeg(item.audio for item in found.items)

    with OpenSounds() as sounds:

        def use(item: Item) -> Utterance:
            return _utterance(item, sounds, wavs, language, phonemise)

        utterances, more = take(turns, use, wanted, f"{root.name} {split}")
    if split == "train":
        need_minutes(str(root), utterances, wanted, len(found.rejected) + len(more))
    sources = [item.audio for item in found.items]
    return Made(utterances, (*found.rejected, *more), note, sources)


def _set_of(root: Path, split: str) -> tuple[Items, str]:
    given = [name for name in SPLITS if (root / name).is_dir()]
    if given == list(SPLITS):
        return read_items(root / split), ""
    if "train" in given and not (root / "wav.scp").is_file():
        lacking = " and ".join(name for name in SPLITS if name not in given)
        raise UserError(f"--own {root}: expected the directories {', '.join(SPLITS)}, found no {lacking}")
    all_ = read_items(root)
    if not all_.items:
        return all_, ""
    speakers = {item.speaker for item in all_.items}
    by_speaker = len(speakers) >= 3 and None not in speakers
    groups = [item.speaker or "" if by_speaker else _sentence(item) for item in all_.items]
    sets = partition(Counter(groups))
    if len(set(sets.values())) < len(SPLITS):
        raise UserError(
            f"--own {root}: expected at least three speakers or sentences for three sets, found {len(sets)}"
        )
    items = [item for item, group in zip(all_.items, groups, strict=True) if sets[group] == split]
    # What cannot be read is in no set; train's list has it.
    rejected = all_.rejected if split == "train" else ()
    return Items(items, rejected), f"sets by {'speaker' if by_speaker else 'sentence'}"


def _sentence(item: Item) -> str:
    return " ".join(item.text.lower().split())


def _utterance(item: Item, sounds: OpenSounds, wavs: Path, language: str, phonemise: str | None) -> Utterance:
    phones = _units(item, phonemise)
    name = _word(item.name)
    speaker = _word(item.speaker) if item.speaker else rank(item.name)[:10]
    id_ = name if name.startswith(f"{speaker}-") else f"{speaker}-{name}"
    whole = item.begin is None and not item.is_ark and item.channel is None
    path = Path(item.audio) if whole else _written(item, sounds, wavs / f"{id_}.wav")
    seconds = seconds_of(path, phones)
    return Utterance(id_, speaker, language, str(path), phones, item.text, seconds)


def _units(item: Item, phonemise: str | None) -> tuple[str, ...]:
    try:
        phones = tuple(item.text.split()) if phonemise is None else units_of(phonemise, item.text)
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


def _written(item: Item, sounds: OpenSounds, wav: Path) -> Path:
    """Write a part or a channel of a recording, or one out of an ark, to a file of its own."""
    try:
        sound = sounds.get(item.audio)
        # A segment may end a little after its recording, as Kaldi allows it.
        if item.end is not None and round(item.end * sound.rate) > sound.frames() + sound.rate // 10:
            found = f"found {item.begin or 0:g} to {item.end:g} s"
            raise UnusableError(Why.ROW, f"expected a part of {sound.frames() / sound.rate:.2f} s, {found}")
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
        raise UnusableError(Why.SILENT, f"nan: {item.audio}: expected finite samples, found some that are not")
    peak = float(np.abs(samples).max(initial=0))
    if peak >= UNSCALED:
        raise UnusableError(Why.SILENT, f"scale: {item.audio}: expected samples in [-1, 1], found some of {peak:.6g}")
    return np.clip(samples, -1, 1)
