"""A run that was killed ends with the bits of a run that was not."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from parp_espnet.bin.train import main
from parp_espnet.errors import UserError
from parp_espnet.espnet.checkpoints import load_model_state, only_run_in
from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask

UPDATES_PER_EPOCH = 6
LENGTH = {"max_epoch": 12, "scheduler_conf": {"max_steps": 72}}


def command(config: Path) -> list[str]:
    return [sys.executable, "-m", "parp_espnet.bin.train", "--config", str(config)]


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nobody interrupts."""
    return recipe.train(tmp_path_factory.mktemp("whole"), **LENGTH)


def assert_same(one: Path, other: Path) -> None:
    for name in ("valid.loss.ave.pth", "valid.loss.best.pth", "latest.pth"):
        first, second = load_model_state(one / name), load_model_state(other / name)
        assert all(torch.equal(first[key], second[key]) for key in first), name
    assert Mask.load(one / "mask.safetensors").sha256 == Mask.load(other / "mask.safetensors").sha256
    assert events(one) == events(other)


def events(directory: Path) -> list[dict[str, object]]:
    """The lines of the log, without how long each prune took."""
    lines = (directory / "pruning.jsonl").read_text().splitlines()
    return [json.loads(line) | {"seconds": None} for line in lines]


def test_killed_at_some_update(whole: Path, recipe, tmp_path: Path):
    config = recipe.config(tmp_path, **LENGTH)
    process = subprocess.Popen(command(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = tmp_path / "pruning.jsonl"
    while not (log.exists() and '"step": 20,' in log.read_text()):
        assert process.poll() is None, "the training ended before it could be killed"
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "mask.safetensors").exists()

    recipe.train(tmp_path, **LENGTH)
    assert_same(whole, tmp_path)
    assert read_json(tmp_path / "training.json")["updates"] == 72


class Kill(BaseException):
    """Stands in for a kill at a chosen place of the trainer."""


@pytest.fixture
def killed(recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], Path]:
    """Train and die in the middle of writing a file of an epoch."""

    def train(epoch: int, file: str) -> Path:
        save = torch.save

        def dying(states: object, path: Path) -> None:
            save(states, path)
            update = read_json(tmp_path / "progress.json")["update"]
            if Path(path).name == file and update == epoch * UPDATES_PER_EPOCH:
                content = Path(path).read_bytes()
                Path(path).write_bytes(content[: len(content) // 2])
                raise Kill

        with monkeypatch.context() as patch:
            patch.setattr(torch, "save", dying)
            with pytest.raises(Kill):
                recipe.train(tmp_path, **LENGTH)
        return tmp_path

    return train


@pytest.mark.parametrize(
    ("file", "said"),
    [("checkpoint.pth", "continuing from the one before"), ("5epoch.pth", "was left unfinished")],
)
def test_killed_while_a_file_was_written(whole: Path, recipe, killed, caplog, file: str, said: str):
    directory = killed(5, file)
    assert not (directory / "mask.safetensors").exists()
    recipe.train(directory, **LENGTH)
    assert said in caplog.text
    assert_same(whole, directory)


def test_a_complete_run_continues_to_itself(whole: Path, recipe, tmp_path: Path):
    recipe.train(tmp_path, **LENGTH)
    recipe.train(tmp_path, **LENGTH)
    assert_same(whole, tmp_path)


def test_no_checkpoint_can_be_read(recipe, tmp_path: Path):
    recipe.train(tmp_path, max_epoch=2)
    for name in ("checkpoint.pth", "checkpoint.prev.pth"):
        (tmp_path / name).write_bytes(b"\x80\x02not a checkpoint")
    with pytest.raises(UserError, match=r"checkpoint\.pth cannot be read.*; delete") as caught:
        recipe.train(tmp_path, max_epoch=2)
    assert "\n" not in str(caught.value)


def test_other_settings_in_the_same_directory(recipe, tmp_path: Path):
    recipe.train(tmp_path, max_epoch=1)
    with pytest.raises(UserError, match=r"holds a run with other settings \(sparsity 0.5 then, 0.6 now\)"):
        recipe.train(tmp_path, prune_conf={"method": "parp", "sparsity": 0.6, "interval": 4})


def test_two_at_once(recipe, tmp_path: Path):
    with only_run_in(tmp_path), pytest.raises(UserError, match="another training is running here"):
        recipe.train(tmp_path, max_epoch=1)


def test_the_command_says_one_line(recipe, tmp_path: Path, monkeypatch, capsys):
    config = recipe.config(tmp_path, prune_conf={"method": "prap", "sparsity": 0.5})
    monkeypatch.setattr(sys, "argv", ["train", "--config", str(config)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: method: expected one of dense, rp, mpi, omp")
