"""This checkout against another one, such as an older commit: what a user waits for.

    git worktree add /tmp/older 4d3714a
    python3 -m parp_espnet.bin.bench --only checkouts --checkout /tmp/older [--sizes dry_run …]

    python3 -m parp_espnet.bench.checkouts WAY SIZE THREADS CHECKOUT

is one measurement, in a process of its own, and prints it as JSON. Both ways run what git has of
their checkout, copied to where nothing else is, in the environment of this Python: what
requirements the other checkout had is not looked at. `seconds` are of the CPU where nothing is
computed, and of the clock else.
"""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parp_espnet.bench.tree import peak_of_tree
from parp_espnet.errors import UserError
from parp_espnet.files import read_json

ROOT = Path(__file__).resolve().parents[2]
RECIPE = "egs2/cldr/es"
RUN = f"{RECIPE}/run.sh"
PRUNED = ("--method", "mpi", "--sparsity", "0.5")
SHORT = ("--train_minutes", "0.5", "--valid_minutes", "0.2", "--test_minutes", "0.2")
ENVIRONMENT = ("bin", "include", "lib", "lib64", "pyvenv.cfg")
"""What an environment consists of."""
NOT_HANDED_ON = (
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PARP_ROOT",
    # With it, every Python would compile all that it imports again, which no user's does.
    "PYTHONDONTWRITEBYTECODE",
)
"""Variables that a copy is not to see: they say where this checkout is, or how this shell works."""


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    """The most memory that its processes had together; what several share counts once."""


class Checkout:
    """A copy of what git has of a checkout, with an environment.

    Args:
        source: the checkout.
        folder: an empty folder for the copy and the environment.
        threads: what its commands may use.
    """

    def __init__(self, source: Path, folder: Path, threads: int) -> None:
        """Copy it. Raises `UserError` where git knows nothing of it."""
        self.place = folder / "checkout"
        listed = subprocess.run(
            ["git", "-C", str(source), "ls-files", "-z"],
            capture_output=True,
            text=True,
            check=False,
        )
        if listed.returncode:
            raise UserError(f"{source}: expected a checkout of git, found none")
        for name in filter(None, listed.stdout.split("\0")):
            (self.place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, self.place / name, follow_symlinks=False)
        self._environment = dict(os.environ)
        for name in NOT_HANDED_ON:
            self._environment.pop(name, None)
        self._environment["PARP_VENV"] = str(link_environment(folder / "venv", self.place))
        self._environment["OMP_NUM_THREADS"] = str(threads)

    def run(self, *words: str) -> Cost:
        """Run a command of it. Raises `UserError` when it fails."""
        before, begun = _cpu_of_children(), time.perf_counter()
        process = subprocess.Popen(
            [str(self.place / words[0]), *words[1:]],
            cwd=self.place,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        peaks: list[int] = []
        watch = threading.Thread(target=lambda: peaks.append(peak_of_tree(process)))
        watch.start()
        _, errors = process.communicate()
        wall = time.perf_counter() - begun
        watch.join()
        if process.returncode:
            last = (errors.strip().splitlines() or ["it said nothing"])[-1]
            raise UserError(f"{' '.join(words)} ended with code {process.returncode}: {last}")
        return Cost(wall, _cpu_of_children() - before, peaks[0])


def link_environment(folder: Path, checkout: Path) -> Path:
    """Make an environment that is this Python's, and that a checkout takes for its own: nothing is
    installed.
    """
    folder.mkdir()
    for name in ENVIRONMENT:
        if (Path(sys.prefix) / name).exists():
            (folder / name).symlink_to(Path(sys.prefix) / name)
    wanted = hashlib.sha256()
    for name in ("requirements.lock", "pyproject.toml"):
        wanted.update((checkout / name).read_bytes())
    (folder / "requirements.sha256").write_text(f"{wanted.hexdigest()}  -\n")
    return folder


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show_help(checkout: Checkout) -> dict[str, float]:
    """`run.sh --help`, by the clock."""
    cost = checkout.run(RUN, "--help")
    return _measured(cost.wall_seconds, cost)


def plan(checkout: Checkout) -> dict[str, float]:
    """A dry run of an experiment that is decoded in all ways, of the CPU."""
    cost = checkout.run(RUN, *PRUNED, "--compare_decoding", "true", "--dry_run", "true")
    return _measured(cost.cpu_seconds, cost)


def skip(checkout: Checkout) -> dict[str, float]:
    """A run of which everything is complete, of the CPU."""
    words = (RUN, *PRUNED, *SHORT, "--updates", "2")
    checkout.run(*words)
    cost = checkout.run(*words)
    return _measured(cost.cpu_seconds, cost)


def start(checkout: Checkout) -> dict[str, float]:
    """All of an experiment of 100 updates, but the training's loop and the decoding."""
    cost = checkout.run(RUN, *PRUNED, "--updates", "100")
    (path,) = (checkout.place / RECIPE).glob("exp/phn_*/result.json")
    result = read_json(path)
    rest = result["train_seconds"] + result["decode_seconds"]
    return _measured(cost.wall_seconds - rest, cost)


def study(checkout: Checkout) -> dict[str, float]:
    """The quick study, `./run.sh`, whole, by the clock; `pers_crc32` is of its error rates."""
    cost = checkout.run("run.sh")
    results = read_json(checkout.place / "results/quick/results.json")
    return _measured(cost.wall_seconds, cost) | {"pers_crc32": _crc32_of(results)}


def _measured(seconds: float, cost: Cost) -> dict[str, float]:
    return {
        "seconds": seconds,
        "extra_bytes": cost.peak_bytes,
        "wall_seconds": cost.wall_seconds,
        "cpu_seconds": cost.cpu_seconds,
    }


def _crc32_of(results: Sequence[dict[str, Any]]) -> int:
    names = ("language", "method", "sparsity_target", "error_rate")
    rates = []
    for result in results:
        rates.append(json.dumps([result[name] for name in names]))
    return zlib.crc32("\n".join(sorted(rates)).encode())


SIZES: dict[str, Callable[[Checkout], dict[str, float]]] = {
    "help": show_help,
    "dry_run": plan,
    "complete": skip,
    "100updates": start,
    "quick": study,
}


def measure(way: str, size: str, threads: int, other: str) -> dict[str, float]:
    """Return the `seconds` of what a size is, and `extra_bytes`, all memory that its processes
    had.
    """
    with tempfile.TemporaryDirectory() as name:
        source = ROOT if way == "ours" else Path(other)
        return SIZES[size](Checkout(source, Path(name), threads))


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])))
