"""Recordings of one's own, in any layout of `parp_espnet.corpora.layouts`.

Sets are the directories train, dev and test, where there are such; otherwise speakers are divided by a hash of their
names, eight tenths to train, and, with fewer than three speakers, sentences are. The text holds phones with spaces
between them, or is phonemised in a language of eSpeak NG's, or spelled (`letters`).
"""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from parp_espnet.corpora.choose import partition, rank, taking_turns
from parp_espnet.corpora.clips import seconds_of
from parp_espnet.corpora.decoders import need_decoder
from parp_espnet.corpora.kaldi import Utterance
from parp_espnet.corpora.layouts import SPLITS, Item, Items, read_items
from parp_espnet.corpora.rejects import Made, UnusableError, Why
from parp_espnet.corpora.take import need_minutes, take
from parp_espnet.corpora.wav import write_wav
from parp_espnet.errors import UserError
from parp_espnet.files import is_file
from parp_espnet.phones.letters import describe_dropped, spell
from parp_espnet.phones.phonemiser import LETTERS, WrongScriptError, units_of


def read(
    root: Path, split: str, wavs: Path, language: str, phonemise: str | None = None, minutes: float | None = None
) -> Made:
    """Return a set (one of `SPLITS`) of the recordings at `root`, all or about `minutes` of it.

    Parts of recordings, and recordings in arks, are written into the directory `wavs`.

    Raises `UserError` when `root` has none of the layouts, lacks a set or the text for three, or has less training
    speech than asked for.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    found, note = _set_of(root, split)
    wanted = float("inf") if minutes is None else minutes
    dropped: Counter[str] = Counter()
    turns = taking_turns(found.items, lambda item: item.speaker or item.name, lambda item: item.name)

    def use(item: Item) -> Utterance:
        return _utterance(item, wavs, language, phonemise, dropped)

    utterances, more = take(turns, use, wanted, f"{root.name} {split}")
    if split == "train":
        need_minutes(str(root), utterances, wanted, len(found.rejected) + len(more))
    note = "; ".join(filter(None, [note, describe_dropped(dropped)]))
    return Made(utterances, (*found.rejected, *more), note)


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


def _utterance(item: Item, wavs: Path, language: str, phonemise: str | None, dropped: Counter[str]) -> Utterance:
    phones = _units(item, phonemise, dropped)
    name = _word(item.name)
    speaker = _word(item.speaker) if item.speaker else rank(item.name)[:10]
    id_ = name if name.startswith(f"{speaker}-") else f"{speaker}-{name}"
    whole = item.begin is None and not item.is_ark
    path = Path(item.audio) if whole else _written(item, wavs / f"{id_}.wav")
    seconds = seconds_of(path, phones)
    return Utterance(id_, speaker, language, str(path), phones, item.text, seconds)


def _units(item: Item, phonemise: str | None, dropped: Counter[str]) -> tuple[str, ...]:
    """The phones or letters of an item; characters that are left out of it are counted in `dropped`."""
    try:
        if phonemise == LETTERS:
            spelling = spell(item.text)
            dropped += spelling.dropped
            return spelling.letters
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
