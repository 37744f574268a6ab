"""Selection against a plain stable sort."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.selection import kept_count, select

DTYPES = [torch.float32, torch.float16, torch.bfloat16]


def reference(pool: dict[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """Sort everything, prune the first round(s·N); equal magnitudes stay in order of position."""
    magnitudes = torch.cat([tensor.flatten().double().abs() for tensor in pool.values()])
    order = torch.sort(magnitudes, stable=True).indices
    kept = torch.ones(len(magnitudes), dtype=torch.bool)
    kept[order[: round(sparsity * len(magnitudes))]] = False
    parts = kept.split([tensor.numel() for tensor in pool.values()])
    return {name: part.view(pool[name].shape) for name, part in zip(pool, parts, strict=True)}


# Few distinct values make ties; both zeros, denormals and infinities are among them.
floats = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0**-130, -(2.0**-149), math.inf, -math.inf]),
    st.floats(width=32, allow_nan=False),
)
shapes = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=12)
pools = st.dictionaries(
    st.sampled_from(["q", "k", "v", "out", "up", "down"]),
    shapes.flatmap(lambda shape: hnp.arrays("float32", shape, elements=floats)),
    min_size=1,
)


@settings(deadline=None)
@given(pools, st.floats(0, 1, exclude_max=True), st.sampled_from(DTYPES))
def test_select_equals_a_stable_sort(arrays, sparsity, dtype):
    pool = {name: torch.from_numpy(array.copy()).to(dtype) for name, array in arrays.items()}
    kept = select(pool, sparsity)
    expected = reference(pool, sparsity)
    total = sum(tensor.numel() for tensor in pool.values())
    assert sum(int(tensor.sum()) for tensor in kept.values()) == kept_count(total, sparsity)
    assert list(kept) == list(pool)
    assert all(torch.equal(kept[name], expected[name]) for name in pool)


@pytest.mark.parametrize("dtype", DTYPES)
def test_select_is_global(dtype):
    generator = torch.Generator().manual_seed(0)
    pool = {
        "large": torch.randn(300, 70, generator=generator).to(dtype),
        "small": (0.01 * torch.randn(500, generator=generator)).to(dtype),
    }
    kept = select(pool, 0.3)
    assert all(torch.equal(kept[name], tensor) for name, tensor in reference(pool, 0.3).items())
    assert kept["small"].float().mean() < kept["large"].float().mean()


def test_select_does_not_depend_on_memory_layout_or_threads():
    matrix = torch.randn(64, 48, generator=torch.Generator().manual_seed(0)).round(decimals=1)
    transposed = matrix.t().contiguous().t()
    assert not transposed.is_contiguous()
    kept = select({"w": matrix}, 0.4)["w"]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(select({"w": transposed}, 0.4)["w"], kept)
    finally:
        torch.set_num_threads(threads)


def test_select_leaves_denormals_ranked_when_the_cpu_flushes_them():
    pool = {"w": torch.tensor([3e-42, 1e-42, 2e-42, 0.0])}
    torch.set_flush_denormal(True)
    try:
        assert select(pool, 0.5)["w"].tolist() == [True, False, True, False]
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_is_refused_by_name(dtype):
    pool = {
        "fine": torch.ones(4, dtype=dtype),
        "broken": torch.tensor([1.0, math.nan, math.nan], dtype=dtype),
    }
    with pytest.raises(UserError, match="broken: 2 of 3 weights are NaN"):
        select(pool, 0.5)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="int64"):
        select({"w": torch.arange(4)}, 0.5)


@pytest.mark.parametrize(("total", "sparsity", "kept"), [(10, 0.0, 10), (10, 0.5, 5), (3, 0.5, 1), (1, 0.99, 0)])
def test_kept_count(total, sparsity, kept):
    assert kept_count(total, sparsity) == kept
