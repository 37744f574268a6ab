"""A training that is told to end does so between two updates, and continues to the bits of one that
was not.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.espnet.trainer import PruningTrainer
from parp_espnet.files import read_json

WITHIN = "checkpoint.within.pth"
Stop = Callable[..., None]
WAITS = """
import sys, time
from pathlib import Path
from parp_espnet.bin.train import main
from parp_espnet.espnet.interruption import Interruption
begun, heed = Path(sys.argv.pop(1)), Interruption._heed
def wait_and_heed(self, chance):
    if self._update() == 8:
        begun.touch()
        while self._signal is None:
            time.sleep(0.02)
    heed(self, chance)
Interruption._heed = wait_and_heed
main()
"""
"""A training that waits after its eighth update until a signal comes."""


@pytest.fixture
def stop(recipe, tmp_path: Path, after, capsys) -> Callable[..., None]:
    """Train in `tmp_path` until a signal comes after some update."""

    def train(update: int, number: int = signal.SIGTERM, **options: Any) -> None:
        with (
            after(update, lambda: os.kill(os.getpid(), number)),
            pytest.raises(SystemExit) as stopped,
        ):
            recipe.train(tmp_path, **options)
        assert stopped.value.code == 143
        told = (
            f"interrupted by {signal.Signals(number).name}: {tmp_path} has what there is after "
            f"update {update}; "
        )
        assert told in capsys.readouterr().err

    return train


def test_it_continues_within_an_epoch(
    whole: Path, recipe, length, tmp_path: Path, stop: Stop, assert_same
) -> None:
    # The first and the last of an epoch, at a prune and beside one, in the epoch without a
    # checkpoint, twice in one.
    for update in (1, 6, 20, 22, 45, 71, 72):
        stop(update, **length)
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


def test_the_signal_that_slurm_is_asked_for(
    whole: Path, recipe, length, tmp_path: Path, stop: Stop, assert_same
) -> None:
    stop(15, signal.SIGUSR1, **length)
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


@pytest.mark.parametrize("method", [pytest.param("mpi", marks=pytest.mark.thorough), "parp-p"])
def test_whatever_the_training_is(
    recipe, tmp_path_factory, tmp_path: Path, stop: Stop, assert_same, method: str
) -> None:
    # Batches left over, an upstream that is frozen at first, readers in processes of their own.
    options = {
        "accum_grad": 2, "num_iters_per_epoch": 7, "num_workers": 2, "max_epoch": 3,
        "prune_conf": {"method": method, "sparsity": 0.5, "freeze_updates": 4}
        | ({"start_sparsity": 0.2, "interval": 2, "updates": 9} if method == "parp-p" else {}),
    }  # fmt: skip
    whole = recipe.train(tmp_path_factory.mktemp("whole"), **options)
    for update in (2, 5, 6):
        stop(update, **options)
    recipe.train(tmp_path, **options)
    assert_same(whole, tmp_path)


def test_what_reads_batches_ends_with_it(recipe, tmp_path: Path, after) -> None:
    """Also where the exception, and so all that the training had, is kept."""
    before = set(multiprocessing.active_children())
    readers = []

    def interrupt() -> None:
        readers.extend(set(multiprocessing.active_children()) - before)
        os.kill(os.getpid(), signal.SIGTERM)

    with after(3, interrupt), pytest.raises(SystemExit) as stopped:
        recipe.train(tmp_path, num_workers=2)
    assert len(readers) == 2
    assert not [reader for reader in readers if reader.is_alive()]
    assert stopped.value.code == 143


def test_it_continues_with_the_validation(
    whole: Path, recipe, length, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assert_same
) -> None:
    real = PruningTrainer.validate_one_epoch.__func__
    calls = []

    def validate(cls: type, **others: Any) -> None:
        calls.append(1)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        real(cls, **others)

    monkeypatch.setattr(PruningTrainer, "validate_one_epoch", classmethod(validate))
    with pytest.raises(SystemExit):
        recipe.train(tmp_path, **length)
    state = torch.load(tmp_path / WITHIN, weights_only=True)
    assert (state["epoch"], state["trained"], state["over"]) == (4, 6, True)
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


def test_a_process_that_gets_it(
    whole: Path, recipe, length, tmp_path: Path, start, assert_same, wait_until, end_of
) -> None:
    config = recipe.config(tmp_path, **length)
    begun = tmp_path / "begun"
    process = start("-c", WAITS, str(begun), "--config", str(config))
    wait_until(begun.exists, "the training to begin", process)
    process.send_signal(signal.SIGTERM)
    _, errors = end_of(process)
    assert process.returncode == 143
    assert "has what there is after update 8; the same command continues\n" in errors
    assert (tmp_path / WITHIN).exists()
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


def test_a_group_that_gets_it(
    recipe, length, tmp_path_factory, tmp_path: Path, start, assert_same, wait_until, end_of
) -> None:
    """Ctrl-C of a recipe reaches the processes that read batches as well."""
    options = length | {"num_workers": 2}
    whole = recipe.train(tmp_path_factory.mktemp("whole"), **options)
    begun = tmp_path / "begun"
    config = recipe.config(tmp_path, **options)
    process = start("-c", WAITS, str(begun), "--config", str(config), leads=True)
    wait_until(begun.exists, "the training to begin", process)
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = end_of(process)
    assert "has what there is after update 8; the same command continues\n" in errors
    assert process.returncode == 143
    assert (tmp_path / WITHIN).exists()
    recipe.train(tmp_path, **options)
    assert_same(whole, tmp_path)


def test_a_damaged_state_is_left_aside(
    whole: Path, recipe, length, tmp_path: Path, stop: Stop, caplog, assert_same
) -> None:
    stop(20, **length)
    content = bytearray((tmp_path / WITHIN).read_bytes())
    # More than what fills the space between two of its parts, which no checksum covers.
    for place in range(len(content) // 2, len(content) // 2 + 256):
        content[place] ^= 1
    (tmp_path / WITHIN).write_bytes(content)
    recipe.train(tmp_path, **length)
    assert "does not match its checksum" in caplog.text
    assert "beginning epoch 4 again" in caplog.text
    assert_same(whole, tmp_path)


def test_other_batches_are_refused(recipe, tmp_path: Path, stop: Stop) -> None:
    stop(3)
    with pytest.raises(
        UserError, match="of 6 batches an epoch in 1 processes, this one has 5 in 1; continue it as"
    ):
        recipe.train(tmp_path, num_iters_per_epoch=5)
    recipe.train(tmp_path)
    assert read_json(tmp_path / "training.json")["updates"] == 18


LEFT = """
from torch.utils.data import DataLoader
from parp_espnet.espnet.batches import Batches, keep_readers
loader = DataLoader(list(range(100)), num_workers=2)
keep_readers(loader)
left = iter(Batches(loader, lambda number: None))
print(next(left).item())
"""
"""A process that ends while it has batches, as with the traceback of an error in an epoch."""


def test_no_process_that_reads_batches_outlives_the_training() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT], capture_output=True, text=True, timeout=1200, check=False
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
    assert "Traceback" not in done.stderr
