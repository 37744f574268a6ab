"""Training in several processes with gloo: it leaves what is sparse, and a rank that differs from
others is found.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.decoding.label_prior import FILE
from parp_espnet.espnet.states import load_model_state
from parp_espnet.files import read_json
from parp_espnet.locks import locked
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.pool import find_pool

SHORT = {
    "max_epoch": 2,
    "num_iters_per_epoch": 4,
    "keep_nbest_models": 1,
    "scheduler_conf": {"max_steps": 8},
}
FAST = {"lr": 0.02}
"""So that masks change within a few updates."""
DISTRIBUTED = {"multiprocessing_distributed": False, "dist_backend": "gloo"}

ENDING = """
import atexit, sys
from pathlib import Path
def name_of(thread):
    try:
        return (thread / "comm").read_text().strip()
    except OSError:  # it ended after it was listed
        return ""
def tell():
    names = [name_of(thread) for thread in Path("/proc/self/task").iterdir()]
    print("threads at the end:", *(name for name in names if "gloo" in name), file=sys.stderr)
atexit.register(tell)
"""
"""Tells which threads of gloo there still are when the interpreter ends; they may abort the process
then.
"""

DIFFERENT = (
    ENDING
    + """
import torch
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.pruning.pruner import Pruner
real, rank = Pruner.after_update, int(sys.argv.pop(1))
def after_update(self):
    if self.update == 5 and rank == 1:
        with torch.no_grad():
            self.pool["encoder.layers.0.attention.k_proj.weight"].zero_()
    real(self)
Pruner.after_update = after_update
PruningASRTask.main()
"""
)

AT_UPDATE_6 = (
    ENDING
    + """
import os, signal
from {module} import {task}
from parp_espnet.pruning.pruner import Pruner
real, rank = Pruner.after_update, int(sys.argv.pop(1))
def after_update(self):
    real(self)
    if self.update == 6 and rank == 1:
        os.kill(os.getpid(), signal.{signal})
Pruner.after_update = after_update
{call}()
"""
)
"""One of two processes gets a signal."""
STOPPED = AT_UPDATE_6.format(
    module="parp_espnet.espnet.task",
    task="PruningASRTask",
    signal="SIGTERM",
    call="PruningASRTask.main",
)
KILLED = AT_UPDATE_6.format(
    module="parp_espnet.bin.train", task="main", signal="SIGKILL", call="main"
)
FAILS = (
    ENDING
    + """
from parp_espnet.bin.train import main
from parp_espnet.errors import UserError
from parp_espnet.espnet import trainer
def finalise(*_, **others):
    raise UserError("no final model")
trainer.finalise = finalise
main()
"""
)
TRAIN = ("-c", ENDING + "from parp_espnet.bin.train import main; main()")
ENDED = "threads at the end:\n"
HEAD_FIRST = {"method": "parp", "sparsity": 0.5, "interval": 3, "freeze_updates": 2}
PRIOR = {"label_prior": 0.3}
"""What a training of `HEAD_FIRST` has besides: priors, which ranks have to agree on, too."""


Launch = Callable[..., list["subprocess.CompletedProcess[str]"]]


@pytest.fixture(scope="module")
def launch(start, ports: Callable[[int], list[int]]) -> Launch:
    """A function (configuration, ranks, program) that runs `program` once a rank; it gets the
    configuration, and finds the others as torchrun's programs do.
    """

    def run(config: Path, ranks: int, *program: str) -> list["subprocess.CompletedProcess[str]"]:
        where = {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(ports(1)[0]),
            "WORLD_SIZE": str(ranks),
        }
        processes, done = [], []
        try:
            for rank in range(ranks):
                words = [word.replace("RANK", str(rank)) for word in program]
                words += ["--config", str(config)]
                processes.append(start(*words, **where, RANK=str(rank)))
            for process in processes:
                _, errors = process.communicate(timeout=1200)
                done.append(subprocess.CompletedProcess(program, process.returncode, stderr=errors))
        finally:
            for process in processes:
                process.kill()
        return done

    return run


@pytest.fixture(scope="module")
def trained(
    recipe, launch: Launch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int, dict[str, Any]], Path]:
    """Train in so many processes with so pruning, once; return the directory."""
    known: dict[str, Path] = {}

    def train(ranks: int, pruning: dict[str, Any]) -> Path:
        key = f"{ranks} {pruning}"
        if key not in known:
            directory = tmp_path_factory.mktemp("ranks")
            others = PRIOR if pruning == HEAD_FIRST else {}
            config = recipe.config(
                directory, **SHORT, **DISTRIBUTED, **others, optim_conf=FAST, prune_conf=pruning
            )
            for done in launch(config, ranks, *TRAIN):
                assert done.returncode == 0, done.stderr[-3000:]
                assert ENDED in done.stderr
            known[key] = directory
        return known[key]

    return train


@pytest.mark.parametrize(
    ("ranks", "pruning"),
    [
        (2, HEAD_FIRST),
        (4, {"method": "parp", "sparsity": 0.5, "interval": 3}),
        pytest.param(2, {"method": "mpi", "sparsity": 0.5}, marks=pytest.mark.thorough),
        pytest.param(
            2,
            {"method": "movement", "sparsity": 0.5, "interval": 3, "score_lr": 1e4},
            marks=pytest.mark.thorough,
        ),
        (2, {"method": "router", "sparsity": 0.5, "interval": 3}),
    ],
)
def test_ranks_agree_and_leave_what_one_process_leaves(trained, lines, ranks: int, pruning):
    directory = trained(ranks, pruning)
    mask = Mask.load(directory / "mask.safetensors")
    assert mask.sparsity == 0.5
    weights = find_pool(load_model_state(directory / "valid.loss.ave.pth"))
    assert all(not torch.count_nonzero(weights[name][~kept]) for name, kept in mask.kept.items())
    assert read_json(directory / "training.json")["updates"] == 8
    events = lines(directory / "pruning.jsonl")
    adjusts = METHODS[str(pruning["method"])].adjusts
    assert [event["step"] for event in events] == ([0, 3, 4, 6, 8] if adjusts else [0])
    assert any(event["flips"] for event in events) == adjusts


def test_a_rank_that_differs_stops_the_run(recipe, launch: Launch, tmp_path: Path):
    pruning = {"method": "parp", "sparsity": 0.5, "interval": 3}
    config = recipe.config(
        tmp_path / "exp", **SHORT, **DISTRIBUTED, optim_conf=FAST, prune_conf=pruning
    )
    for done in launch(config, 2, "-c", DIFFERENT, "RANK"):
        assert done.returncode != 0
        assert "update 6: the masks of ranks 1 differ from rank 0's" in done.stderr
        assert ENDED in done.stderr
    assert not (tmp_path / "exp" / "mask.safetensors").exists()


def test_a_signal_to_one_rank_ends_all_and_they_continue(
    trained, recipe, launch: Launch, tmp_path: Path, assert_same
):
    options = SHORT | DISTRIBUTED | PRIOR | {"optim_conf": FAST, "prune_conf": HEAD_FIRST}
    config = recipe.config(tmp_path, **options)
    stopped = launch(config, 2, "-c", STOPPED, "RANK")
    assert [done.returncode for done in stopped] == [143, 143], stopped[0].stderr[-3000:]
    assert "interrupted by a signal to another process: " in stopped[0].stderr
    assert all(ENDED in done.stderr for done in stopped)
    assert (tmp_path / "checkpoint.within.pth").exists()
    for done in launch(config, 2, *TRAIN):
        assert done.returncode == 0, done.stderr[-3000:]
    whole = trained(2, HEAD_FIRST)
    assert_same(whole, tmp_path)
    assert (tmp_path / FILE).read_bytes() == (whole / FILE).read_bytes()


def test_ranks_that_finished_say_that_another_did_not(recipe, launch: Launch, tmp_path: Path):
    config = recipe.config(tmp_path, **SHORT, **DISTRIBUTED)
    first, second = launch(config, 2, "-c", FAILS)
    assert [first.returncode, second.returncode] == [2, 2], second.stderr[-3000:]
    assert "\nerror: no final model\n" in first.stderr
    assert "\nerror: rank 1: finished, but another process did not; " in second.stderr
    for done in (first, second):
        assert "Traceback" not in done.stderr
        assert ENDED in done.stderr


def test_a_rank_that_is_killed_ends_the_other_by_one_line_and_they_continue(
    trained, recipe, launch: Launch, tmp_path: Path, assert_same
):
    options = SHORT | DISTRIBUTED | PRIOR | {"optim_conf": FAST, "prune_conf": HEAD_FIRST}
    config = recipe.config(tmp_path, **options)
    first, second = launch(config, 2, "-c", KILLED, "RANK")
    assert [first.returncode, second.returncode] == [2, -9], first.stderr[-3000:]
    assert "\nerror: rank 0: another process ended, or cannot be reached; " in first.stderr
    assert "Traceback" not in first.stderr
    assert ENDED in first.stderr
    for done in launch(config, 2, *TRAIN):
        assert done.returncode == 0, done.stderr[-3000:]
    assert_same(trained(2, HEAD_FIRST), tmp_path)


def test_a_directory_in_use_ends_all_ranks_by_one_line(recipe, launch: Launch, tmp_path: Path):
    config = recipe.config(tmp_path, **SHORT, **DISTRIBUTED)
    with locked(tmp_path / ".lock", wait=False):
        first, second = launch(config, 2, *TRAIN)
    assert [first.returncode, second.returncode] == [2, 2], second.stderr[-3000:]
    assert f"\nerror: {tmp_path} is in use by process " in first.stderr
    assert "\nerror: rank 1: rank 0 could not begin; " in second.stderr
    for done in (first, second):
        assert "Traceback" not in done.stderr
        assert ENDED in done.stderr
