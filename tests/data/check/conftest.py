"""A small clean data directory for each test to damage."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check

RATE = 16000

Make = Callable[..., Path]
Find = Callable[..., list[tuple[str, str]]]


def noise(seconds: float, seed: int, rate: int = RATE) -> NDArray[np.float32]:
    """Sound (n,) at a tenth of full scale; another seed is another sound."""
    return (0.1 * np.random.default_rng(seed).uniform(-1, 1, round(seconds * rate))).astype(
        np.float32
    )


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a clean data directory: two speakers, two utterances of a second each."""

    def made(
        name: str = "train", speakers: tuple[str, ...] = ("ana", "bea"), seed: int = 0
    ) -> Path:
        folder = tmp_path / name
        (folder / "wav").mkdir(parents=True)
        ids = [f"{speaker}-{number}" for speaker in speakers for number in (1, 2)]
        for place, id_ in enumerate(ids):
            soundfile.write(
                folder / "wav" / f"{id_}.wav", noise(1.0, seed + place), RATE, subtype="PCM_16"
            )
        rows = {
            "wav.scp": [(id_, str(folder / "wav" / f"{id_}.wav")) for id_ in ids],
            "text": [
                (id_, f"o l a {'t' * (place + 1)}{' a' * seed}") for place, id_ in enumerate(ids)
            ],
            "utt2spk": [(id_, id_.partition("-")[0]) for id_ in ids],
            "utt2dur": [(id_, "1.000") for id_ in ids],
            "spk2utt": [(speaker, f"{speaker}-1 {speaker}-2") for speaker in speakers],
        }
        for file, lines in rows.items():
            (folder / file).write_text("".join(f"{key} {value}\n" for key, value in lines))
        return folder

    return made


@pytest.fixture
def find() -> Find:
    """The kind and the utterance of every fault of directories."""

    def found(*folders: Path, inventory: str | None = None, jobs: int = 1) -> list[tuple[str, str]]:
        limits = Limits(inventory=None if inventory is None else frozenset(inventory.split()))
        return [
            (fault.kind, fault.utterance)
            for fault in check(folders, limits, levels({}), jobs).faults
        ]

    return found
