"""The recipe of egs3/: it trains, is killed twice within an epoch, and comes to the bits of one
that was left alone; what it leaves is exported like any other.
"""

import json
import multiprocessing
import os
import runpy
import shutil
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from parp_espnet.export.formats import Options, export
from parp_espnet.export.onnx import FILES
from parp_espnet.export.opened import open_model
from parp_espnet.export.trained import load_trained
from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pruner import PruneEvent
from parp_espnet.recognition.audio import read
from tests.conftest import ROOT

pytest.importorskip("lightning")

RECIPE = ROOT / "egs3/cldr/asr1"
EXPERIMENT = "exp/training"
INTERVAL = 3


def shrink(folder: Path) -> Path:
    """Copy the recipe, and make it one of seconds: three epochs of four updates."""
    shutil.copytree(RECIPE, folder, ignore=shutil.ignore_patterns("data", "exp", "__pycache__"))
    path = folder / "conf/training.yaml"
    config = yaml.safe_load(path.read_text())
    made = config["create_dataset"]
    made["upstream"] = str((RECIPE / made["upstream"]).resolve())
    made["minutes"] = {"train": 0.6, "dev": 0.2, "test": 0.2}
    config["updates"] = 12
    config["optimizer"]["lr"] = 0.01
    config["prune_conf"]["interval"] = INTERVAL
    config["dataloader"]["train"]["iter_factory"]["num_iters_per_epoch"] = 4
    config["trainer"]["max_epochs"] = 3
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def run(folder: str, held: int, *stages: str) -> None:
    """Do what `python3 run.py` does, in a process that has loaded what it needs."""
    if held:
        hold(held)
    os.chdir(folder)
    log = os.open("log.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["run.py", "--training_config", "conf/training.yaml", "--stages", *stages]
    runpy.run_path("run.py", run_name="__main__")


def hold(update: int) -> None:
    """Let a training of this process wait after a prune, until a signal ends it."""
    from parp_espnet.espnet3.callback import PruningCallback  # noqa: PLC0415

    real = PruningCallback._record

    def record(callback: PruningCallback, event: PruneEvent) -> None:
        real(callback, event)
        while event.step == update:
            time.sleep(0.02)

    PruningCallback._record = record


@pytest.fixture(scope="module")
def start() -> Callable[..., BaseProcess]:
    """Start stages of a recipe in a process of its own, which waits at the update `held`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["parp_espnet.espnet3.system", "parp_espnet.espnet.task", "transformers", "s3prl.nn"]
    )

    def begin(folder: Path, *stages: str, held: int = 0) -> BaseProcess:
        process = context.Process(target=run, args=(str(folder), held, *stages))
        process.start()
        return process

    return begin


@pytest.fixture(scope="module")
def whole(start: Callable[..., BaseProcess], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipe, run from its first stage to its last."""
    folder = shrink(tmp_path_factory.mktemp("egs3") / "asr1")
    process = start(folder, "create_dataset", "train", "measure")
    process.join()
    assert process.exitcode == 0, (folder / "log.txt").read_text()[-3000:]
    return folder


def events(folder: Path) -> list[dict[str, Any]]:
    """What the log of prunes says, without seconds."""
    path = folder / EXPERIMENT / "pruning.jsonl"
    if not path.exists():
        return []
    found = []
    for line in path.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            event = json.loads(line)
            del event["seconds"]
            found.append(event)
    return found


def reached(folder: Path, update: int) -> Callable[[], bool]:
    return lambda: any(event["step"] >= update for event in events(folder))


def differing(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two nests of tensors and plain values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted(map(str, one.keys() ^ other.keys()))
        for name in one.keys() & other.keys():
            names += differing(one[name], other[name], f"{place}/{name}")
        return names
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [place]
    if isinstance(one, list | tuple):
        pairs = enumerate(zip(one, other, strict=True))
        return [where for number, pair in pairs for where in differing(*pair, f"{place}/{number}")]
    return [] if one == other else [place]


@pytest.mark.thorough
def test_killed_twice_it_comes_to_the_same_bits(
    whole: Path,
    start: Callable[..., BaseProcess],
    wait_until: Callable[..., None],
    tmp_path: Path,
) -> None:
    folder = shrink(tmp_path / "asr1")
    (folder / "data").symlink_to(whole / "data")
    # An epoch has four updates, and prunes are at 3, 4, 6, 8, 9 and 12.
    for sign, update in ((signal.SIGKILL, 6), (signal.SIGINT, 9)):
        process = start(folder, "train", held=update)
        assert process.pid is not None
        pid = process.pid
        wait_until(reached(folder, update), f"update {update}")
        os.kill(pid, sign)
        process.join()
        assert process.exitcode == (-sign if sign == signal.SIGKILL else 130)
        assert not (folder / EXPERIMENT / "training.json").exists()
    process = start(folder, "train")
    process.join()
    log = (folder / "log.txt").read_text()
    assert process.exitcode == 0, log[-3000:]
    assert log.count("continues from step") == 2
    assert "interrupted: what was complete stays" in log

    assert events(folder) == events(whole)
    names = ["valid.cer_ctc.ave.pth", "step12.ckpt"]
    for name in names:
        left, alone = (
            torch.load(place / EXPERIMENT / name, weights_only=True) for place in (folder, whole)
        )
        if name.endswith(".ckpt"):
            for checkpoint in (left, alone):
                # Beside model, optimizer and scheduler it holds paths and seconds.
                pruning = checkpoint.pop("callbacks")["PruningCallback"]["pruning"]
                checkpoint["pruning"] = pruning
                checkpoint.pop("loops")
        assert differing(left, alone) == []
    left, alone = (
        Mask.load(place / EXPERIMENT / "mask.safetensors").sha256 for place in (folder, whole)
    )
    assert left == alone


def test_everything_it_leaves_is_exactly_sparse(whole: Path) -> None:
    said = read_json(whole / EXPERIMENT / "training.json")
    total = Mask.load(whole / EXPERIMENT / "mask.safetensors").total
    zeros = round(0.8 * total) / total
    assert said["sparsity_measured"] == pytest.approx(zeros, abs=1e-9)
    assert set(said["checkpoints"].values()) == {said["sparsity_measured"]}
    assert "step12.ckpt" in said["checkpoints"]
    assert said["updates"] == 12
    assert said["iou_initial_final"] < 1


def test_what_is_complete_is_skipped(whole: Path, start: Callable[..., BaseProcess]) -> None:
    model = whole / EXPERIMENT / "valid.cer_ctc.ave.pth"
    before = model.stat().st_mtime_ns
    process = start(whole, "train")
    process.join()
    assert process.exitcode == 0
    assert "complete; skipped" in (whole / "log.txt").read_text()
    assert model.stat().st_mtime_ns == before


def test_it_is_exported_like_any_other(whole: Path, tmp_path: Path) -> None:
    experiment = whole / EXPERIMENT
    trained = load_trained(experiment)
    formats = ["bundle", "hf", "onnx"]
    said = export(trained, tmp_path / "model", formats, Options())
    for name in formats:
        (line,) = [line for line in said[name] if "stage 12's tokens" in line]
        equal, _, utterances = line.partition(" of ")
        assert equal == utterances.split()[0], line
    assert (tmp_path / "model/onnx" / FILES["fp32"]).is_file()
    recogniser, _ = open_model(tmp_path / "model/bundle")
    (wav,) = sorted((whole / "data/test/wav").glob("*.wav"))[:1]
    assert recogniser.recognise([read(wav)])
