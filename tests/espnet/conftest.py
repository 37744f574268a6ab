"""What tests of broken trainings share: a run that nobody interrupts, and a comparison with it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.espnet.states import load_model_state
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pruner import Pruner


@pytest.fixture(scope="session")
def length() -> dict[str, Any]:
    """Options of a training of twelve epochs, of six updates each."""
    return {"max_epoch": 12, "scheduler_conf": {"max_steps": 72}}


@pytest.fixture(scope="session")
def whole(recipe, length: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nobody interrupts."""
    return recipe.train(tmp_path_factory.mktemp("whole"), **length)


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], Any]:
    """A context in which something is done after an update."""

    @contextmanager
    def doing(update: int, act: Callable[[], object]) -> Iterator[None]:
        real = Pruner.after_update

        def after_update(pruner: Pruner) -> None:
            real(pruner)
            if pruner.update == update:
                act()

        with monkeypatch.context() as patch:
            patch.setattr(Pruner, "after_update", after_update)
            yield

    return doing


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Path, Path], None]:
    """A function that compares two trainings bit for bit: their models, masks, logs, and what they
    reported.
    """

    def compare(one: Path, other: Path) -> None:
        names = sorted(
            path.name for path in one.glob("*.pth") if not path.name.startswith("checkpoint")
        )
        assert names == sorted(
            path.name for path in other.glob("*.pth") if not path.name.startswith("checkpoint")
        )
        for name in names:
            first, second = load_model_state(one / name), load_model_state(other / name)
            assert first.keys() == second.keys(), name
            assert all(torch.equal(first[key], second[key]) for key in first), name
        assert (
            Mask.load(one / "mask.safetensors").sha256
            == Mask.load(other / "mask.safetensors").sha256
        )
        assert events(one) == events(other)
        assert reported(one) == reported(other)
        assert not list(other.glob(".*.tmp"))
        assert not (other / "checkpoint.within.pth").exists()

    return compare


def events(directory: Path) -> list[dict[str, object]]:
    """The lines of the log, without how long each prune took."""
    lines = (directory / "pruning.jsonl").read_text().splitlines()
    return [json.loads(line) | {"seconds": None} for line in lines]


def reported(directory: Path) -> dict[tuple[int, str], dict[str, object]]:
    """What every epoch reported, but for times and a GPU's memory, and what is measured
    in times.
    """
    stats = torch.load(directory / "checkpoint.pth", weights_only=True)["reporter"]["stats"]
    return {
        (epoch, phase): {
            key: repr(value)
            for key, value in values.items()
            if "time" not in key and "mem_GB" not in key
        }
        for epoch, phases in stats.items()
        for phase, values in phases.items()
    }
