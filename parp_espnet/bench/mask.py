"""A mask written and read: our file of one bit a weight against torch's of boolean tensors.

    python3 -m parp_espnet.bench.mask WAY SIZE THREADS

is one measurement, in a process of its own, and prints it as JSON.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from parp_espnet.bench.memory import peak
from parp_espnet.bench.selection import make_pool
from parp_espnet.pruning.masks import Mask

Kept = dict[str, Tensor]
RUNS = 5


def save(kept: Kept, path: Path) -> None:
    """Our file, with its hash."""
    Mask(kept, origin="a benchmark", sparsity_target=0.5).save(path)


def load(path: Path) -> None:
    """Our file, checked against its hash."""
    Mask.load(path)


def torch_save(kept: Kept, path: Path) -> None:
    """A pickle of boolean tensors, a byte a weight."""
    torch.save(kept, path)


def torch_load(path: Path) -> None:
    """The same read as safely as torch can."""
    torch.load(path, weights_only=True)


WRITERS: dict[str, Callable[[Kept, Path], None]] = {"write": save, "torch_save": torch_save}
READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "read": ("write", load),
    "torch_load": ("torch_save", torch_load),
}


def measure(way: str, size: str, threads: int) -> dict[str, float]:
    """Return the best `seconds` of a few runs, `extra_bytes` of memory, and `bits_per_weight` on
    disk.
    """
    torch.set_num_threads(threads)
    kept = {name: tensor.detach() > 0 for name, tensor in make_pool(size).items()}
    total = sum(tensor.numel() for tensor in kept.values())
    seconds, extra = [], 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask"
        if way in READERS:
            WRITERS[READERS[way][0]](kept, path)
        for _ in range(RUNS):
            before, started = peak(reset=True), time.perf_counter()
            if way in READERS:
                READERS[way][1](path)
            else:
                WRITERS[way](kept, path)
            seconds.append(time.perf_counter() - started)
            extra = max(extra, peak() - before)
        bits = 8 * path.stat().st_size / total
    return {"seconds": min(seconds), "extra_bytes": extra, "bits_per_weight": bits}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
