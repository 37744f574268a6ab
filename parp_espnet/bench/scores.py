"""An exact global selection of the weights of a whole model by each score, beside magnitudes.

    python3 -m parp_espnet.bench.scores WAY SIZE THREADS [DEVICE]

is one measurement, in a process of its own, and prints it as JSON. It is the selection alone, of
what a method has at hand; only movement writes, over the weights, as it does in training.
"""

import json
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from parp_espnet.bench.selection import RUNS, SPARSITY, Pool, best_of, make_pool
from parp_espnet.pruning.ordering import ordered
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select


def magnitude(pool: Pool, beside: Pool) -> None:
    """The paper's score, as MPI and PARP rank by it."""
    select(pool, SPARSITY)


def router(pool: Pool, beside: Pool) -> None:
    """Learned scores by their size."""
    select(beside, SPARSITY)


def movement(pool: Pool, beside: Pool) -> None:
    """Learned scores with their signs, whose order is written over the pool."""
    numbers = {name: ordered(beside[name], tensor.detach()) for name, tensor in pool.items()}
    select(numbers, SPARSITY)


def moment(pool: Pool, beside: Pool) -> None:
    """Adam's second moment of every weight beside the weight."""
    select(pool, SPARSITY, Ranking.of("moment"), lambda name: beside[name])


def activation(pool: Pool, beside: Pool) -> None:
    """The mean square of every input beside the weight."""
    select(pool, SPARSITY, Ranking.of("activation"), lambda name: beside[name][..., :1])


WAYS: dict[str, Callable[[Pool, Pool], None]] = {
    function.__name__: function for function in (magnitude, router, movement, moment, activation)
}
SIGNED = ("router", "movement")
"""What these rank has signs; moments have none."""


def make_beside(pool: Pool, way: str) -> Pool:
    """What a score needs of each weight, of the pool's shapes and on its device."""
    generator = torch.Generator().manual_seed(1)
    beside: Pool = {}
    for name, tensor in pool.items():
        drawn = torch.randn(tensor.shape, generator=generator).to(tensor.device)
        beside[name] = drawn if way in SIGNED else drawn.square()
    return beside


def measure(way: str, size: str, threads: int, device: str = "cpu") -> dict[str, float]:
    """Return the best `seconds` of a few runs and the `extra_bytes` of memory that a run needs,
    without what is beside the weights anyhow.
    """
    torch.set_num_threads(threads)
    function = WAYS[way]
    # What is compiled or loaded once.
    few: Pool = {"encoder.layers.0.w": torch.randn(10, 100, device=device)}
    function(few, make_beside(few, way))
    pool: dict[str, Tensor] = {}
    for name, tensor in make_pool(size).items():
        pool[name] = nn.Parameter(tensor.detach().to(device))
    beside = make_beside(pool, way)
    return best_of(RUNS, lambda: function(pool, beside), lambda run: None, device)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])))
