"""An exact global re-prune (threshold, mask, zeros) of the weights of a whole model, in our way and
in others.

    python3 -m parp_espnet.bench.selection WAY SIZE THREADS [DEVICE]

is one measurement, in a process of its own, and prints it as JSON.
"""

import json
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from parp_espnet.bench.memory import peak, wait_for
from parp_espnet.pruning.selection import prune_

SPARSITY = 0.5
Pool = dict[str, Tensor]

SIZES = {"10m": (12, 256, 1024), "85m": (12, 768, 3072), "302m": (24, 1024, 4096)}
"""Layers, width and feed-forward width; 85m is wav2vec 2.0 Base, 302m Large and XLSR-53."""


def make_pool(size: str) -> Pool:
    """Weights and biases of q, k, v, out and two feed-forward layers, normally distributed, as
    parameters.
    """
    layers, width, wide = SIZES[size]
    shapes = {
        "attention.q_proj": (width, width),
        "attention.k_proj": (width, width),
        "attention.v_proj": (width, width),
        "attention.out_proj": (width, width),
        "feed_forward.intermediate_dense": (wide, width),
        "feed_forward.output_dense": (width, wide),
    }
    generator = torch.Generator().manual_seed(0)
    pool: Pool = {}
    for layer in range(layers):
        for name, shape in shapes.items():
            weight = torch.randn(shape, generator=generator).mul_(0.02 * (1 + layer / layers))
            pool[f"encoder.layers.{layer}.{name}.weight"] = nn.Parameter(weight)
            pool[f"encoder.layers.{layer}.{name}.bias"] = nn.Parameter(
                torch.zeros(shape[0]).add_(weight[:, 0])
            )
    return pool


def ours(pool: Pool) -> None:
    """`selection.prune_`, as the pruner calls it."""
    prune_(pool, SPARSITY)


def torch_global_unstructured(pool: Pool) -> None:
    """torch's own pruning of the same tensors, with the reparametrisation made permanent."""
    holders, parameters = {}, []
    for name, tensor in pool.items():
        holders[name] = _Holder(tensor)
        parameters.append((holders[name], "weight"))
    prune.global_unstructured(parameters, pruning_method=prune.L1Unstructured, amount=SPARSITY)
    for name, holder in holders.items():
        prune.remove(holder, "weight")  # type: ignore[no-untyped-call]
        pool[name] = holder.weight


class _Holder(nn.Module):
    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach())


@torch.no_grad()
def concat_kthvalue(pool: Pool) -> None:
    """All magnitudes in one tensor, and its k-th value."""
    magnitudes = _magnitudes(pool)
    _zero_up_to(pool, magnitudes.kthvalue(round(SPARSITY * len(magnitudes))).values)


@torch.no_grad()
def concat_topk(pool: Pool) -> None:
    """All magnitudes in one tensor, and its k smallest."""
    magnitudes = _magnitudes(pool)
    _zero_up_to(pool, magnitudes.topk(round(SPARSITY * len(magnitudes)), largest=False).values[-1])


def _magnitudes(pool: Pool) -> Tensor:
    return torch.cat([tensor.abs().flatten() for tensor in pool.values()])


def _zero_up_to(pool: Pool, threshold: Tensor) -> None:
    # Not exact where several weights are as large as the threshold, which these two leave out.
    for tensor in pool.values():
        tensor.mul_(tensor.abs() > threshold)


@torch.no_grad()
def read(pool: Pool) -> None:
    """One pass over the weights: no exact prune can be faster."""
    sum(float(tensor.sum()) for tensor in pool.values())


@torch.no_grad()
def two_reads_one_rewrite(pool: Pool) -> None:
    """Two passes that read the weights and one that writes them too: a threshold in two digits,
    then zeros; no mask.
    """
    read(pool)
    read(pool)
    for tensor in pool.values():
        tensor.neg_()


WAYS: dict[str, Callable[[Pool], None]] = {
    function.__name__: function
    for function in (
        ours,
        torch_global_unstructured,
        concat_kthvalue,
        concat_topk,
        read,
        two_reads_one_rewrite,
    )
}
FLOORS = ("read", "two_reads_one_rewrite")
"""These prune nothing."""
SLOW = ("torch_global_unstructured", "concat_topk")
RUNS = 5


def measure(way: str, size: str, threads: int, device: str = "cpu") -> dict[str, float]:
    """Return the best `seconds` of a few runs and the `extra_bytes` of memory that a run needs."""
    torch.set_num_threads(threads)
    function = WAYS[way]
    function(
        {"encoder.layers.0.w": nn.Parameter(torch.randn(1000, device=device))}
    )  # what is compiled or loaded once
    pool: Pool = {}
    for name, tensor in make_pool(size).items():
        pool[name] = nn.Parameter(tensor.detach().to(device))
    runs = 1 if way in SLOW and device == "cpu" else RUNS
    return best_of(runs, lambda: function(pool), lambda run: _move(pool, run), device)


def best_of(
    runs: int,
    function: Callable[[], None],
    prepare: Callable[[int], None],
    device: str,
) -> dict[str, float]:
    """Return the best `seconds` of a few runs and the `extra_bytes` that one needed at most.

    Args:
        prepare: what is done before each run, of which it is given the number.
    """
    seconds, extra = [], 0
    for run in range(runs):
        prepare(run)
        wait_for(device)
        before = peak(reset=True, device=device)
        started = time.perf_counter()
        function()
        wait_for(device)
        seconds.append(time.perf_counter() - started)
        extra = max(extra, peak(device=device) - before)
    return {"seconds": min(seconds), "extra_bytes": extra}


@torch.no_grad()
def _move(pool: Pool, seed: int) -> None:
    """Let the weights move as a few updates do; afterwards none is zero."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in pool.values():
        tensor.add_(torch.randn(tensor.shape, generator=generator).to(tensor.device), alpha=1e-4)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])))
