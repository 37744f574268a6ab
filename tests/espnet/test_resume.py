"""A run that was killed ends with the bits of a run that was not."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
import torch

from parp_espnet.bin.train import main
from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.locks import locked

UPDATES_PER_EPOCH = 6


DIES = """
import os, signal
from parp_espnet.bin.train import main
from parp_espnet.pruning.pruner import Pruner
after_update = Pruner.after_update
def update_and_die(self):
    after_update(self)
    if self.update == 20:
        os.kill(os.getpid(), signal.SIGKILL)
Pruner.after_update = update_and_die
main()
"""


def test_killed_at_some_update(whole: Path, recipe, length, tmp_path: Path, start, assert_same):
    config = recipe.config(tmp_path, **length)
    process = start("-c", DIES, "--config", str(config))
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    assert not (tmp_path / "mask.safetensors").exists()

    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)
    assert read_json(tmp_path / "training.json")["updates"] == 72


class Kill(BaseException):
    """Stands in for a kill at a chosen place of the trainer."""


@pytest.fixture
def killed(
    recipe, length, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, str], Path]:
    """Train and die after a file of an epoch was written."""

    def train(epoch: int, file: str) -> Path:
        save = torch.save

        def dying(states: object, opened: IO[bytes]) -> None:
            update = read_json(tmp_path / "progress.json")["update"]
            if update == epoch * UPDATES_PER_EPOCH and f".{file}." in opened.name:
                raise Kill
            save(states, opened)

        with monkeypatch.context() as patch:
            patch.setattr(torch, "save", dying)
            with pytest.raises(Kill):
                recipe.train(tmp_path, **length)
        return tmp_path

    return train


@pytest.mark.parametrize(
    ("file", "said"),
    [("checkpoint.pth", ""), ("5epoch.pth", "5epoch.pth was left unfinished")],
)
def test_killed_while_a_file_was_written(
    whole: Path, recipe, length, killed, caplog, assert_same, file: str, said: str
):
    directory = killed(5, file)
    assert not (directory / "mask.safetensors").exists()
    recipe.train(directory, **length)
    assert said in caplog.text
    assert_same(whole, directory)


def test_killed_before_what_is_too_many_was_removed(
    whole: Path, recipe, length, killed, assert_same
):
    directory = killed(12, "12epoch.pth")
    recipe.train(directory, **length)
    assert_same(whole, directory)


@pytest.mark.parametrize(
    "damage",
    [
        "a bit",
        pytest.param("the end", marks=pytest.mark.thorough),
        pytest.param("the file", marks=pytest.mark.thorough),
    ],
)
def test_a_damaged_checkpoint_is_known_by_its_checksum(
    whole: Path, recipe, length, killed, caplog, assert_same, damage: str
):
    directory = killed(5, "5epoch.pth")
    path = directory / "checkpoint.pth"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content if damage == "a bit" else content[: len(content) // 2])
    if damage == "the file":
        path.unlink()
    recipe.train(directory, **length)
    said = {
        "a bit": "does not match its checksum",
        "the end": "cannot be read",
        "the file": "the last save was interr",
    }
    assert said[damage] in caplog.text
    assert "continuing from the one before" in caplog.text
    assert_same(whole, directory)


def test_a_complete_run_continues_to_itself(
    whole: Path, recipe, length, tmp_path: Path, assert_same
):
    recipe.train(tmp_path, **length)
    recipe.train(tmp_path, **length)
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
    with pytest.raises(
        UserError, match=r"holds a run with other settings \(sparsity 0.5 then, 0.6 now\)"
    ):
        recipe.train(tmp_path, prune_conf={"method": "parp", "sparsity": 0.6, "interval": 4})


def test_two_at_once(recipe, tmp_path: Path):
    holder = (
        f"{tmp_path} is in use by process {os.getpid()} on {socket.gethostname()}; wait for "
        f"it or end it"
    )
    with locked(tmp_path / ".lock", wait=False), pytest.raises(UserError, match=holder):
        recipe.train(tmp_path, max_epoch=1)


def test_the_command_says_one_line(recipe, tmp_path: Path, monkeypatch, capsys):
    config = recipe.config(tmp_path, prune_conf={"method": "prap", "sparsity": 0.5})
    monkeypatch.setattr(sys, "argv", ["train", "--config", str(config)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith("error: method: expected one of dense, rp, mpi, omp")
    )
