"""Noise and rooms in training: other samples are heard, and one seed gives the same bits."""

import argparse
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from parp_espnet.espnet.task import PruningASRTask

RATE = 16000


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A list of noises, one of them short, and one of rooms."""
    folder = tmp_path_factory.mktemp("noises")
    rng = np.random.default_rng(0)
    soundfile.write(folder / "rain.wav", 0.1 * rng.standard_normal(3 * RATE), RATE)
    soundfile.write(folder / "click.flac", 0.1 * rng.standard_normal(RATE // 4), RATE)
    room = rng.standard_normal(RATE // 5) * np.exp(-np.arange(RATE // 5) / 800)
    room[0] = 3.0
    soundfile.write(folder / "hall.wav", room / 10, RATE)
    (folder / "noise.scp").write_text(f"rain {folder}/rain.wav\nclick {folder}/click.flac\n")
    (folder / "rir.scp").write_text(f"hall {folder}/hall.wav\n")
    return {"noise_scp": str(folder / "noise.scp"), "rir_scp": str(folder / "rir.scp")}


def heard(recipe: Any, folder: Path, train: bool = True, **changes: Any) -> np.ndarray[Any, Any]:
    """What a training hears of a second of a tone, the first that it draws."""
    config = str(recipe.config(folder, **changes))
    args: argparse.Namespace = PruningASRTask.get_parser().parse_args(["--config", config])
    preprocess = pickle.loads(pickle.dumps(PruningASRTask.build_preprocess_fn(args, train)))
    samples = np.sin(np.arange(RATE) / 10).astype(np.float32) * 0.3
    np.random.seed(3)
    speech: np.ndarray[Any, Any] = preprocess("tone", {"speech": samples, "text": "a e"})["speech"]
    return speech


def test_training_hears_other_samples_of_the_same_shape(
    recipe: Any, lists: dict[str, str], tmp_path: Path
) -> None:
    plain = heard(recipe, tmp_path)
    noisy = heard(recipe, tmp_path, noise_scp=lists["noise_scp"], noise_db_range="10_10")
    roomy = heard(recipe, tmp_path, rir_scp=lists["rir_scp"])
    assert plain.shape == noisy.shape == roomy.shape == (RATE,)
    ratio = 10 * np.log10((plain**2).mean() / ((noisy - plain) ** 2).mean())
    assert ratio == pytest.approx(10, abs=0.5)
    assert np.abs(roomy - plain).max() > 0.05
    rarely = heard(recipe, tmp_path, **lists, noise_apply_prob=0.0, rir_apply_prob=0.0)
    assert rarely.shape == (RATE,)
    assert np.allclose(rarely, plain)
    assert (heard(recipe, tmp_path, train=False, **lists) == plain).all()


def test_one_seed_gives_the_same_bits_and_noise_others(
    recipe: Any, lists: dict[str, str], tmp_path: Path, make_states: Callable[..., Any]
) -> None:
    short = {"max_epoch": 2, "num_iters_per_epoch": 2, "num_workers": 1}
    first = make_states(recipe.train(tmp_path / "first", **short, **lists))
    again = make_states(recipe.train(tmp_path / "again", **short, **lists))
    plain = make_states(recipe.train(tmp_path / "plain", **short))
    other = make_states(recipe.train(tmp_path / "other", **short, **lists, noise_apply_prob=0.5))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], plain[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.fixture
def make_states() -> Callable[[Path], dict[str, torch.Tensor]]:
    """Read the model of the last epoch."""

    def read(folder: Path) -> dict[str, torch.Tensor]:
        states: dict[str, torch.Tensor] = torch.load(folder / "2epoch.pth", weights_only=True)
        return states

    return read
