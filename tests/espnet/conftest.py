"""What tests of broken trainings share: a run that nobody interrupts, a comparison with it, and
processes.
"""

import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
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


class Started:
    """A process that `warm.py` forked, with what tests use of `subprocess.Popen`."""

    def __init__(self, told: int, output: Path, errors: Path) -> None:
        """Wait until it has a number."""
        self._told = os.fdopen(told)
        self._output = output
        self._errors = errors
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code."""
        if self.returncode is None:
            assert select.select([self._told], [], [], timeout)[0], f"no end within {timeout} s"
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; return what it wrote to stdout and stderr."""
        self.wait(timeout)
        return self._output.read_text(), self._errors.read_text()

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Started]]:
    """A function that starts a program, `-c TEXT …` or `-m MODULE …`, in a process of its own that
    has loaded ESPnet; `leads` makes it the leader of a session, `variables` are of its environment.
    """
    folder = tmp_path_factory.mktemp("started")
    asking, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    warm = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("warm.py")), str(asked.fileno())],
        pass_fds=[asked.fileno()],
        stdin=subprocess.DEVNULL,
    )
    asked.close()
    count = itertools.count()

    def begin(*words: str, leads: bool = False, **variables: str) -> Started:
        number = next(count)
        output, errors = folder / f"{number}.out", folder / f"{number}.err"
        request = {
            "words": words,
            "leads": leads,
            "folder": str(Path.cwd()),
            "environment": os.environ | variables,
        }
        told, end = os.pipe()
        with output.open("w") as out, errors.open("w") as err:
            ends = [out.fileno(), err.fileno(), end]
            socket.send_fds(asking, [json.dumps(request).encode()], ends)
        os.close(end)
        return Started(told, output, errors)

    yield begin
    asking.close()
    warm.wait()


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
