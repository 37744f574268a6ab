"""What tests of recipes share: a training of seconds, and a recipe of the tones."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def make_training() -> Callable[..., Path]:
    """Write `tiny.yaml`, a training configuration that learns a few utterances by heart, into a folder; return it."""

    def make(folder: Path, max_epoch: int = 4) -> Path:
        config = yaml.safe_load((ROOT / "conf/train/phn.yaml").read_text())
        config |= {"batch_type": "unsorted", "batch_size": 4, "num_workers": 0, "optim_conf": {"lr": 0.005}}
        config |= {"max_epoch": max_epoch, "use_tensorboard": False}
        (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
        return folder / "tiny.yaml"

    return make


@pytest.fixture(scope="module")
def tone_recipe(tmp_path_factory: pytest.TempPathFactory, tones: Path) -> Path:
    """A recipe directory, on a path with a space in it, with the tones as training, validation and test set."""
    directory = tmp_path_factory.mktemp("my recipe")
    for name in ("train", "dev", "test"):
        (directory / "data" / name).mkdir(parents=True)
        for file in ("wav.scp", "text"):
            shutil.copy(tones / file, directory / "data" / name)
    return directory
