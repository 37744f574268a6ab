"""`kill -9` at random moments of a training, and inside of its writes: it ends with the bits of one
left alone.

python3 -m pytest tests/espnet/test_kills.py --kills 100
"""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.pruning import masks
from parp_espnet.pruning.pruner import Pruner

A_RUN = 20
"""Kills of one run, if it lasts so long."""
WRITES = (
    "checkpoint.pth",
    "epoch.pth",
    "initial_mask.safetensors",
    "mask.safetensors",
    "checkpoint.within.pth",
)
KINDS = (
    "checkpoint.pth",
    "time",
    "file",
    "checkpoint.within.pth",
    "time",
    "epoch.pth",
    "time",
    "file",
)
"""Moments in the middle of a run: half of a file is written, some time has passed, a file is opened
or renamed.
"""


def plan(kills: int) -> Iterator[str]:
    """The moments of a run; the first and the last mask are written at its beginning
    and its end.
    """
    first = ["initial_mask.safetensors"] if kills >= 5 else []
    return iter([*first, *islice(cycle(KINDS), kills - 1 - len(first)), "mask.safetensors"])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(write: Callable[..., None], name: str, number: int) -> Callable[..., None]:
    """A function that writes, and half-way through the `number`-th file of that name dies."""
    seen = 0

    def wrapped(states: Any, file: Any, *more: Any, **others: Any) -> None:
        nonlocal seen
        write(states, file, *more, **others)
        is_path = isinstance(file, str | os.PathLike)
        path = Path(file if is_path else file.name)
        # What is written takes its name when it is complete.
        if f"{name}." in path.name and path.suffix == ".tmp":
            seen += 1
            if seen == number:
                if not is_path:
                    file.flush()
                os.truncate(path, path.stat().st_size // 2)
                die()

    return wrapped


def dying_within(
    write: Callable[..., AbstractContextManager[Path]], name: str
) -> Callable[..., AbstractContextManager[Path]]:
    """A context in which a file is written; of the first file of that name it dies with
    half of it.
    """

    @contextmanager
    def wrapped(path: Path, *more: Any) -> Iterator[Path]:
        with write(path, *more) as temporary:
            yield temporary
            if f"{name}." in temporary.name:
                os.truncate(temporary, temporary.stat().st_size // 2)
                die()

    return wrapped


def train(config: str, directory: str, kind: str, number: int) -> None:
    """Train in a process of its own, and die at the moment of that kind and number
    where it comes.
    """
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    if kind in WRITES:
        torch.save = dying(torch.save, f".{kind}" if kind != "epoch.pth" else kind, number)
        masks.atomic_write = dying_within(masks.atomic_write, f".{kind}")
    if kind == "checkpoint.within.pth":
        real, torch.save = Pruner.after_update, dying(torch.save, f".{kind}", 1)

        def after_update(pruner: Pruner, calls: list[int] = []) -> None:  # noqa: B006
            real(pruner)
            calls.append(1)
            if len(calls) == number:
                signal.raise_signal(signal.SIGTERM)

        Pruner.after_update = after_update
    if kind == "file":
        left = 20 * number

        def look(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            if event in ("open", "os.rename", "os.remove", "os.symlink") and str(
                arguments[0]
            ).startswith(directory):
                left -= 1
                if left <= 0:
                    die()

        sys.addaudithook(look)
    from parp_espnet.espnet.task import PruningASRTask  # noqa: PLC0415

    PruningASRTask.main(cmd=["--config", config])


@pytest.fixture(scope="module")
def start() -> Callable[..., "multiprocessing.process.BaseProcess"]:
    """Start `train` in a process that has loaded all that it needs: forked off one that did."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["parp_espnet.espnet.task", "transformers", "s3prl.nn", "numba"])

    def begin(*arguments: Any) -> "multiprocessing.process.BaseProcess":
        process = context.Process(target=train, args=arguments)
        process.start()
        return process

    return begin


def test_kills(
    request: pytest.FixtureRequest,
    whole: Path,
    recipe,
    length,
    tmp_path: Path,
    start,
    assert_same,
    capsys,
) -> None:
    rng = random.Random(0)
    wanted = request.config.getoption("--kills")
    kinds: Counter[str] = Counter()
    inside = runs = 0
    seconds = 0.0
    while runs == 0 or sum(kinds.values()) < wanted:
        runs += 1
        directory = tmp_path / str(runs)
        config = recipe.config(directory, **length)
        left = [*plan(min(A_RUN, wanted - sum(kinds.values()))), "nothing"]
        for kind in left:
            before = set(directory.glob(".*.tmp"))
            process = start(str(config), str(directory), kind, rng.randint(1, 3))
            if kind == "time":
                process.join(rng.uniform(0, seconds))
                process.kill()
            began = time.monotonic()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL, (kind, process.exitcode)
            kinds[kind] += 1
            inside += bool(set(directory.glob(".*.tmp")) - before)
            # Random times are of those that pass before a moment in the middle of a run.
            seconds = max(seconds, time.monotonic() - began if kind in KINDS else 0.0)
        assert process.exitcode == 0
        assert_same(whole, directory)
    with capsys.disabled():
        print(
            f"\n{sum(kinds.values())} kills over {runs} runs, each bit-identical, {inside} of "
            f"them inside of a write "
            f"({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})"
        )
