"""Human speech beside the synthetic: pieces of Debian's recordings, whose targets are what the round before predicts.

The recordings have no transcripts, so that no reference voice can say the same. The model that learned from synthetic
speech labels them instead, undisturbed, and its successor learns these labels from disturbed speech and under masks, as
a noisy student does (Xie et al. 2020, arXiv 1911.04252).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.corpora import debian
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_text
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.speech import Clip, keep_parts, load_parts, warped

SHORTEST = 0.5  # seconds


def make_human(config: PretrainConfig, folder: Path, downloads: Path, jobs: int) -> None:
    """Download, decode and cut the human speech that the iterations want; what is there already is kept.

    Each of these iterations hears all of it, warped anew. Raises `UserError` when a package cannot be had.
    """
    rounds = [number for number, iteration in enumerate(config.iterations, 1) if iteration.human]
    for package in debian.PACKAGES:
        missing = [number for number in rounds if not _is_made(config, number, _index(folder, number, package))]
        if not missing:
            continue
        spoken = list(debian.recordings(package, debian.fetch(package, downloads), jobs))
        for number in missing:
            index = _index(folder, number, package)
            rng = np.random.default_rng([config.seed, number, *package.name.encode()])
            heard = (warped(one.samples, config.warp, rng) for one in spoken if one.language in config.human)
            pieces = [piece for samples in heard for piece in _cut(samples, config.max_seconds)]
            offsets = keep_parts(pieces, index.with_suffix(".npy"))
            write_text(index, json.dumps({"settings": _settings(config, number), "offsets": offsets}))


def load_human(config: PretrainConfig, number: int, folder: Path) -> list[Clip]:
    """Load what `make_human` made for iteration `number`, in a fixed order.

    Raises `UserError` when it is not there.
    """
    clips: list[Clip] = []
    for package in debian.PACKAGES:
        index = _index(folder, number, package)
        if not _is_made(config, number, index):
            raise UserError(f"{index}: no speech; run stage 1 first")
        offsets = read_json(index)["offsets"]
        if len(offsets) > 1:  # an empty file cannot be mapped
            clips += [Clip(samples) for samples in load_parts(index.with_suffix(".npy"), offsets)]
    return clips


def _cut(samples: NDArray[np.int16], seconds: float) -> Iterator[NDArray[np.int16]]:
    """Cut into equal pieces of at most `seconds`; targets are frames, so that a cut word does no harm."""
    parts = -(-len(samples) // int(seconds * SAMPLE_RATE))
    if len(samples) >= SHORTEST * SAMPLE_RATE:
        yield from np.array_split(samples, parts)


def _index(folder: Path, number: int, package: debian.Package) -> Path:
    return folder / f"human{number}" / f"{package.name}.json"


def _is_made(config: PretrainConfig, number: int, index: Path) -> bool:
    return index.is_file() and read_json(index)["settings"] == _settings(config, number)


def _settings(config: PretrainConfig, number: int) -> dict[str, object]:
    wanted = {"human": sorted(config.human), "seed": config.seed, "number": number}
    return wanted | {"warp": config.warp, "max_seconds": config.max_seconds}
