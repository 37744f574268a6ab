"""The kernels find what plain operations find: on a GPU where there is one, and everywhere in
Triton's interpreter.
"""

import math
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor

from parp_espnet.pruning.masks import counts, flips
from parp_espnet.pruning.selection import find_threshold, keep_above, prune_

pytest.importorskip("triton")
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
ODD = (0.0, -0.0, 1.0, -1.0, 2.0**-130, -(2.0**-149), math.inf, -math.inf)
CASES = 20


def random_pool(random: Random, sizes: tuple[int, ...]) -> dict[str, Tensor]:
    """Some tensors, maybe with ties, zeros, denormals and infinities among their weights."""
    generator = torch.Generator().manual_seed(random.randrange(1 << 30))
    pool, dtype = {}, random.choice(DTYPES)
    for number in range(random.randint(1, 4)):
        weights = torch.randn(random.choice(sizes), generator=generator) * random.choice(
            [1e-42, 1e-3, 1e30]
        )
        for place in random.choices(range(len(weights)), k=random.choice([0, 0, 5])):
            weights[place] = random.choice(ODD)
        pool[f"encoder.layers.{number}.w"] = weights.to(dtype).view(-1, 1)
    return pool


def check(pool: dict[str, Tensor], pruned: int, device: str) -> None:
    """Compare threshold, mask, weights and counts with those of plain operations."""
    from parp_espnet.pruning import gpu  # noqa: PLC0415

    there = {name: tensor.to(device, copy=True) for name, tensor in pool.items()}
    plain = find_threshold(pool, pruned)
    found = gpu.threshold(there, pruned)
    assert found is not None
    assert found[1] == plain.ties
    kept = gpu.keep(there, *found, zero=True)
    expected = keep_above(pool, plain)
    for name, tensor in pool.items():
        assert torch.equal(kept[name].cpu(), expected[name])
        assert torch.equal(
            there[name].cpu(), tensor.where(expected[name], torch.zeros_like(tensor))
        )
    flags = list(kept.values())
    assert gpu.count_differences(flags, None) == [int(one.sum()) for one in expected.values()]
    others = [torch.ones_like(one) for one in flags]
    assert gpu.count_differences(flags, others) == [int((~one).sum()) for one in expected.values()]
    with pytest.raises(ValueError, match="masks of the same shapes"):
        gpu.count_differences(flags, [one[:-1] for one in flags])


def check_many(sizes: tuple[int, ...], device: str) -> None:
    """Compare random pools, with ties to be pruned and ties to be kept."""
    random = Random(0)
    for _ in range(CASES):
        pool = random_pool(random, sizes)
        pruned = round(
            random.choice([0.1, 0.5, 0.9]) * sum(tensor.numel() for tensor in pool.values())
        )
        check(pool, max(1, pruned), device)
    check({"a": torch.ones(sizes[-1]), "b": -torch.ones(sizes[-1])}, sizes[-1] + 2, device)


def test_in_tritons_interpreter() -> None:
    environment = os.environ | {
        "TRITON_INTERPRET": "1",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    done = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]


gpu_alone = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


@gpu_alone
def test_on_a_gpu() -> None:
    check_many((3, 8191, 8192, 8193, 100_000), "cuda")


@gpu_alone
@pytest.mark.parametrize("works", [True, False])
def test_a_prune_with_and_without_kernels(monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    from parp_espnet.pruning import gpu  # noqa: PLC0415

    assert gpu.works(torch.device("cuda", 0))
    monkeypatch.setattr(gpu, "works", lambda device: works)
    pool = {
        f"encoder.layers.{n}.w": torch.randn(300, 400, generator=torch.Generator().manual_seed(n))
        for n in (0, 1)
    }
    there = {name: tensor.cuda() for name, tensor in pool.items()}
    before, after = prune_(pool, 0.3), prune_(pool, 0.7)
    there_before, there_after = prune_(there, 0.3), prune_(there, 0.7)
    assert all(torch.equal(there_after[name].cpu(), after[name]) for name in pool)
    assert all(torch.equal(there[name].cpu(), pool[name]) for name in pool)
    assert counts(there_after.values()) == counts(after.values())
    assert flips(there_after, there_before) == flips(after, before)


if __name__ == "__main__":
    from parp_espnet.pruning import gpu

    gpu.BLOCK = 64
    check_many((3, 63, 64, 65), "cpu")
    assert gpu.threshold({"": torch.tensor([1.0, math.nan])}, 1) is None
