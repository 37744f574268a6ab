"""The speech that an upstream is pretrained on: made once, kept as int16 files, cut into length-sorted batches."""

import dataclasses
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.corpora import cldr
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write, read_json, write_text
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE
from parp_espnet.upstreams.pretrain.config import PretrainConfig

POOL = 256
"""Utterances that are sorted by length together: large enough for little padding, small enough for mixed batches."""


@dataclasses.dataclass(frozen=True)
class Clip:
    """One utterance: int16 samples at 16 kHz (memory-mapped) and its language."""

    samples: NDArray[np.int16]
    language: str


def make_speech(config: PretrainConfig, folder: Path, split: str, jobs: int) -> None:
    """Synthesise `split` ("train" or "dev") of every language into `folder`; what is there already is kept."""
    total = config.minutes if split == "train" else config.dev_minutes
    for language in config.languages:
        settings = {
            "minutes": total / len(config.languages), "seed": config.seed, "warp": config.warp,
            "max_seconds": config.max_seconds,
        }  # fmt: skip
        index = folder / f"{split}_{language}.json"
        if index.is_file() and read_json(index)["settings"] == settings:
            continue
        clips = list(_warped(config, language, split, settings["minutes"], jobs))
        offsets = np.concatenate([[0], np.cumsum([len(clip) for clip in clips])])
        with atomic_write(index.with_suffix(".npy")) as temporary, temporary.open("wb") as file:
            np.save(file, np.concatenate(clips))
        write_text(index, json.dumps({"settings": settings, "offsets": offsets.tolist()}))


def _warped(
    config: PretrainConfig, language: str, split: str, minutes: float, jobs: int
) -> Iterator[NDArray[np.int16]]:
    with progress.bar(minutes * 60, f"{split} {language}", unit="s") as shown:
        for number, spoken in enumerate(cldr.generate(language, split, minutes, config.seed, jobs)):
            rng = np.random.default_rng([config.seed, number, *language.encode()])
            factor = np.exp(rng.uniform(-config.warp, config.warp))
            clip = soxr.resample(spoken.samples, SAMPLE_RATE, SAMPLE_RATE * factor, quality="LQ")
            yield clip[: int(config.max_seconds * SAMPLE_RATE)]
            shown.update(len(spoken.samples) / SAMPLE_RATE)


def load_speech(config: PretrainConfig, folder: Path, split: str) -> list[Clip]:
    """Load what `make_speech` made, in a fixed order, without reading the samples into memory.

    Raises `UserError` when a language's speech is not there.
    """
    clips = []
    for language in config.languages:
        index = folder / f"{split}_{language}.json"
        if not index.is_file():
            raise UserError(f"{index}: no speech; run stage 1 first")
        offsets = read_json(index)["offsets"]
        samples = np.load(index.with_suffix(".npy"), mmap_mode="r")
        clips += [Clip(samples[a:b], language) for a, b in pairwise(offsets)]
    return clips


def normalised(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Zero mean and unit variance, as Hugging Face's feature extractor makes it with `do_normalize`."""
    values = samples.astype(np.float32)
    return np.asarray((values - values.mean()) / np.sqrt(values.var() + 1e-7), np.float32)


def batches(lengths: NDArray[np.int64], seconds: float, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Cut a shuffled epoch into batches of utterances of similar length.

    Args:
        lengths: (utterances,) samples of each utterance.
        seconds: audio in a batch, padding included.

    Returns:
        Index arrays; every utterance is in one of them. The same seed and epoch give the same batches.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(lengths))
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(order), POOL):
        pool = order[start : start + POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        first = 0
        for last in range(1, len(pool) + 1):
            # Sorted by length, so the next utterance would be the longest and set the padding.
            if last == len(pool) or (last - first + 1) * lengths[pool[last]] > seconds * SAMPLE_RATE:
                found.append(pool[first:last])
                first = last
    return [found[i] for i in rng.permutation(len(found))]
