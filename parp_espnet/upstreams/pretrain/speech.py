"""The speech that an upstream is pretrained on: made once, kept as int16 files, cut into
length-sorted batches.

Every iteration has new speech, of new speakers. Where its targets are made from a reference voice
(see `targets`), every phrase is there twice: said by one of the train set's many voices, which is
what the model hears, and by that one.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import batched, pairwise, repeat
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.corpora import cldr
from parp_espnet.corpora.speech import say
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write, read_json, write_text
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.workers import process_pool, without_interrupts

REFERENCES_AT_ONCE = 200
POOL = 256
"""Utterances that are sorted by length together: large enough for little padding, small enough for
mixed batches.
"""


@dataclasses.dataclass(frozen=True)
class Clip:
    """One phrase as int16 samples at 16 kHz (memory-mapped): what is heard and, if need be, the
    reference voice.
    """

    samples: NDArray[np.int16]
    reference: NDArray[np.int16] | None = None


@dataclasses.dataclass(frozen=True)
class SpeechSet:
    """One set of speech: what is in it, and the folder that holds it."""

    split: str
    """Set of the cldr corpus, of which voices and phrases are."""
    minutes: float
    seed: int
    referenced: bool
    """Whether the reference voice says every phrase as well."""
    folder: Path


def sets_of(config: PretrainConfig, number: int, folder: Path) -> dict[str, SpeechSet]:
    """The speech of iteration `number` (1 is the first) under `folder`: its own "train", and "dev"
    for all of them.
    """
    iteration, seed = config.iterations[number - 1], config.seed + number - 1
    return {
        "train": SpeechSet(
            "train", iteration.minutes, seed, iteration.layer is None, folder / f"train{number}"
        ),
        "dev": SpeechSet("dev", config.dev_minutes, config.seed, True, folder / "dev"),
    }


def make_speech(config: PretrainConfig, speech: SpeechSet, jobs: int) -> None:
    """Synthesise a set in every language into its folder; what is there already is kept."""
    for language in config.languages:
        settings = {
            "minutes": speech.minutes / len(config.languages), "seed": speech.seed,
            "warp": config.warp,
            "max_seconds": config.max_seconds,
        }  # fmt: skip
        index = speech.folder / f"{language}.json"
        if not is_kept(index, settings):
            keep_clips(list(_clips(config, language, speech, jobs)), index, settings)


def is_kept(index: Path, settings: dict[str, Any]) -> bool:
    """Whether `keep_clips` wrote clips of just these settings."""
    return index.is_file() and read_json(index)["settings"] == settings


def keep_clips(clips: Sequence[Clip], index: Path, settings: dict[str, Any]) -> None:
    """Write clips beside `index`, and it last."""
    offsets = {"samples": _keep([clip.samples for clip in clips], index.with_suffix(".npy"))}
    if references := [clip.reference for clip in clips if clip.reference is not None]:
        offsets["reference"] = _keep(references, index.with_suffix(".reference.npy"))
    write_text(index, json.dumps({"settings": settings, "offsets": offsets}))


def load_clips(index: Path) -> list[Clip]:
    """The clips that `keep_clips` wrote, memory-mapped."""
    offsets = read_json(index)["offsets"]
    if len(offsets["samples"]) == 1:  # an empty file cannot be mapped
        return []
    samples = _parts(index.with_suffix(".npy"), offsets["samples"])
    if "reference" not in offsets:
        return [Clip(one) for one in samples]
    references = _parts(index.with_suffix(".reference.npy"), offsets["reference"])
    return [Clip(*both) for both in zip(samples, references, strict=True)]


def _keep(parts: list[NDArray[np.int16]], path: Path) -> list[int]:
    """Write `parts` as one array; return where each begins, and the end."""
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.concatenate([np.zeros(0, np.int16), *parts]))
    return [0, *np.cumsum([len(part) for part in parts]).tolist()]


def _clips(config: PretrainConfig, language: str, speech: SpeechSet, jobs: int) -> Iterator[Clip]:
    minutes = speech.minutes / len(config.languages)
    with (
        closing(cldr.generate(language, speech.split, minutes, speech.seed, jobs)) as spoken,
        progress.bar(minutes * 60, f"{speech.folder.name} {language}", unit="s") as shown,
        process_pool(jobs, say.__module__) as pool,
    ):
        for number, some in enumerate(batched(spoken, REFERENCES_AT_ONCE)):
            references: Iterable[NDArray[np.int16] | None] = repeat(None, len(some))
            if speech.referenced:
                with without_interrupts():
                    texts = [one.text for one in some]
                    references = pool.map(say, repeat(language), texts, chunksize=10)
            for place, (one, reference) in enumerate(zip(some, references, strict=True)):
                rng = np.random.default_rng([speech.seed, number, place, *language.encode()])
                samples = warped(one.samples, config.warp, rng)
                if len(samples) <= config.max_seconds * SAMPLE_RATE:
                    yield Clip(samples, reference)
                shown.update(len(one.samples) / SAMPLE_RATE)


def warped(samples: NDArray[np.int16], warp: float, rng: np.random.Generator) -> NDArray[np.int16]:
    """Resample by a factor drawn within exp(±warp): another rate, pitch and vocal tract."""
    factor = np.exp(rng.uniform(-warp, warp))
    return np.asarray(
        soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * factor, quality="LQ"), np.int16
    )


def load_speech(config: PretrainConfig, speech: SpeechSet) -> list[Clip]:
    """Load what `make_speech` made, in a fixed order, without reading the samples into memory.

    Raises `UserError` when a language's speech is not there.
    """
    clips = []
    for language in config.languages:
        index = speech.folder / f"{language}.json"
        if not index.is_file():
            raise UserError(f"{index}: no speech; run stage 1 first")
        clips += load_clips(index)
    return clips


def _parts(path: Path, offsets: Iterable[int]) -> list[NDArray[np.int16]]:
    whole = np.load(path, mmap_mode="r")
    return [whole[a:b] for a, b in pairwise(offsets)]


def normalised(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Zero mean and unit variance, as Hugging Face's feature extractor makes it with
    `do_normalize`.
    """
    values = samples.astype(np.float32)
    return np.asarray((values - values.mean()) / np.sqrt(values.var() + 1e-7), np.float32)


def batches(
    lengths: NDArray[np.int64], seconds: float, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    """Cut a shuffled epoch into batches of utterances of similar length.

    Args:
        lengths: (utterances,) samples of each utterance.
        seconds: audio in a batch, padding included.

    Returns:
        Index arrays; every utterance is in one of them. The same seed and epoch give the same
        batches.
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
            if (
                last == len(pool)
                or (last - first + 1) * lengths[pool[last]] > seconds * SAMPLE_RATE
            ):
                found.append(pool[first:last])
                first = last
    return [found[i] for i in rng.permutation(len(found))]
