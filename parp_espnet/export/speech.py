"""The speech that an experiment was trained and validated on, found from its directory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.export.trained import Trained
from parp_espnet.files import lines_of, text_of
from parp_espnet.recognition.audio import RATE, read
from parp_espnet.scoring.transcripts import read_text

Samples = NDArray[np.float32]

LONGEST = 15 * RATE
"""Samples: of training's longer utterances a part tells no more."""


@dataclass(frozen=True)
class Speech:
    """Utterances, and their tokens."""

    waves: Mapping[str, Samples]
    tokens: Mapping[str, tuple[str, ...]]


def validation_speech(trained: Trained, seconds: float) -> Speech:
    """Return the first utterances of the validation set, about so many seconds.

    Raises `UserError` where there are none, or their recordings are gone.
    """
    wavs, text = _files(trained, "valid")
    tokens = {}
    for utterance, said in read_text(text).items():
        if said:
            tokens[utterance] = said
    waves: dict[str, Samples] = {}
    left = seconds * RATE
    for utterance, path in _recordings(trained, wavs).items():
        if left <= 0:
            break
        if utterance in tokens:
            waves[utterance] = read(path)
            left -= len(waves[utterance])
    if not waves:
        raise UserError(f"{wavs}: expected recordings of utterances of {text}, found none")
    return Speech(waves, {utterance: tokens[utterance] for utterance in waves})


def training_waves(trained: Trained, count: int) -> list[Samples]:
    """Return some utterances of the training set, from all over it. Raises `UserError`."""
    wavs, _ = _files(trained, "train")
    paths = list(_recordings(trained, wavs).values())
    return [read(path)[:LONGEST] for path in from_all_over(paths, count)]


def from_all_over[T](items: Sequence[T], count: int) -> list[T]:
    """Return so many of some items, or all where they are fewer, evenly from first to last."""
    chosen = min(count, len(items))
    return [items[number * len(items) // chosen] for number in range(chosen)]


def _files(trained: Trained, which: str) -> tuple[Path, Path]:
    """The recordings' list and the text that training was told of."""
    told = trained.config.get(f"{which}_data_path_and_name_and_type") or []
    paths = {name: path for path, name, *_ in told}
    if "speech" not in paths or "text" not in paths:
        raise UserError(f"{trained.folder}: config.yaml names no speech and text of {which}")
    return _from_here(trained, paths["speech"]), _from_here(trained, paths["text"])


def _recordings(trained: Trained, wavs: Path) -> dict[str, Path]:
    recordings = {}
    for line in lines_of(text_of(wavs)):
        utterance, _, path = line.partition(" ")
        recordings[utterance] = _from_here(trained, path.strip())
    return recordings


def _from_here(trained: Trained, path: str) -> Path:
    """A path as training saw it, from its recipe's directory. Raises `UserError` where nothing is
    there.
    """
    folder = trained.folder
    for start in (*folder.absolute().parents, *folder.resolve().parents, Path.cwd()):
        if (start / path).exists():
            return start / path
    raise UserError(f"{path}: no such file below {folder.absolute().parent.parent}")
