"""Selection against a plain stable sort."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning import windowed
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.scopes import ROW, SCOPES, parts
from parp_espnet.pruning.selection import kept_count, prune_, select

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


@settings(deadline=None)
@given(pools, st.floats(0, 1, exclude_max=True), st.integers(1, 40), st.floats(0.1, 10))
def test_the_windowed_selection_is_the_plain_one(arrays, sparsity, chunk, sampling):
    pool = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    pruned = round(sparsity * sum(tensor.numel() for tensor in pool.values()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windowed, "CHUNK", chunk)
        patch.setattr(windowed, "SAMPLING", sampling)
        chunks = windowed.chunks_of(pool)
        found = windowed.threshold(chunks, pruned)
        # A window that missed is no error; that it hardly ever misses is another test's matter.
        if found is None:
            return
        kept = windowed.keep(pool, chunks, found, zero=True)
    expected = reference(
        {name: torch.from_numpy(array) for name, array in arrays.items()}, sparsity
    )
    assert all(torch.equal(kept[name], expected[name]) for name in pool)
    for name, array in arrays.items():
        assert torch.equal(
            pool[name], torch.where(expected[name], torch.from_numpy(array), torch.tensor(0.0))
        )


@pytest.mark.parametrize("sparsity", [0.01, 0.5, 0.9, 0.999])
def test_windows_hold_the_threshold(sparsity):
    for seed in range(20):
        pool = {"w": torch.randn(700, 700, generator=torch.Generator().manual_seed(seed))}
        chunks = windowed.chunks_of(pool)
        pruned = round(sparsity * 490_000)
        bits = pool["w"].abs().view(torch.int32)
        shares = []
        for window in windowed.guess_windows(chunks, pruned):
            assert windowed.find(chunks, pruned, window) is not None
            shares.append(float(((bits >= window.low) & (bits < window.high)).float().mean()))
        assert shares[0] < 0.03
        assert shares[0] < shares[1] < 0.3


def test_a_window_that_fails_is_followed_by_a_wider_one():
    """Weights of one line are alike here, so that the samples are far fewer than they seem."""
    rows = torch.randn(1 << 17, 1, generator=torch.Generator().manual_seed(0)).repeat(
        1, windowed.LINE
    )
    pool = {"w": rows * torch.linspace(1, 1.001, windowed.LINE)}
    missed = 0
    for hundredths in range(10, 91):
        chunks = windowed.chunks_of(pool)
        pruned = round(hundredths / 100 * pool["w"].numel())
        first, second = windowed.guess_windows(chunks, pruned)
        missed += windowed.find(chunks, pruned, first) is None
        assert (
            windowed.threshold(chunks, pruned) == windowed.find(chunks, pruned, second) is not None
        )
    assert missed > 0


def test_a_wrong_window_is_noticed():
    pool = {"w": torch.linspace(-1, 1, 101)}
    chunks = windowed.chunks_of(pool)
    high = int(torch.tensor(0.1).view(torch.int32))
    assert windowed.find(chunks, 50, windowed.Window(0, high)) is None
    assert windowed.find(chunks, 50, windowed.Window(high * 2, high * 2 + 1)) is None


@pytest.mark.parametrize("scope", SCOPES)
def test_every_part_of_a_scope_has_its_own_share(scope):
    generator = torch.Generator().manual_seed(0)
    names = [
        f"encoder.layers.{layer}.attention.{kind}.weight" for layer in (0, 1) for kind in ("q", "k")
    ]
    pool = {
        name: torch.randn(11, 7, generator=generator) * (place + 1)
        for place, name in enumerate(names)
    }
    kept = select(pool, 0.4, Ranking.of(scope=scope))
    assert list(kept) == names
    if scope == ROW:
        for name, tensor in pool.items():
            rows = [reference({"row": row}, 0.4)["row"] for row in tensor]
            assert torch.equal(kept[name], torch.stack(rows))
        return
    sizes = {"global": 4, "layer": 2, "tensor": 1}
    for start in range(0, 4, sizes[scope]):
        part = {name: pool[name] for name in names[start : start + sizes[scope]]}
        expected = reference(part, 0.4)
        assert all(torch.equal(kept[name], expected[name]) for name in part)


def test_of_equal_weights_of_a_row_the_earlier_go_first():
    pool = {"w": torch.ones(3, 4), "w.bias": torch.ones(6), "conv": torch.ones(2, 3, 2)}
    kept = select(pool, 0.5, Ranking(scope=ROW))
    assert torch.equal(kept["w"], torch.tensor([[False, False, True, True]] * 3))
    assert kept["w.bias"].tolist() == [False] * 3 + [True] * 3
    assert kept["conv"].view(2, 6).tolist() == [[False] * 3 + [True] * 3] * 2
    assert select(pool, 0.0, Ranking(scope=ROW))["w"].all()
    assert torch.equal(prune_(pool, 0.5, Ranking(scope=ROW))["w"], kept["w"])
    assert torch.equal(pool["w"], kept["w"].float())


def test_a_mask_of_rows_keeps_about_its_share():
    shapes = {"w": (11, 7), "w.bias": (11,)}
    ranking = Ranking(scope=ROW)
    pool = {
        name: torch.arange(1.0, 1 + math.prod(shape)).view(shape) for name, shape in shapes.items()
    }
    kept = sum(int(mask.sum()) for mask in select(pool, 0.4, ranking).values())
    assert abs(kept - ranking.kept_count(shapes, 0.4)) <= ranking.slack(shapes) == 6


def test_tensors_outside_of_layers_are_ranked_alone():
    assert [
        list(part) for part in parts({"a.layers.1.x": 1, "pooler": 2, "a.layers.1.y": 3}, "layer")
    ] == [
        ["a.layers.1.x", "a.layers.1.y"],
        ["pooler"],
    ]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sparsity", [0.0, 0.3])
def test_pruning_in_place_is_selecting_and_zeroing(dtype, sparsity):
    weights = torch.randn(50, 9, generator=torch.Generator().manual_seed(0)).to(dtype)
    pool = {"w": torch.nn.Parameter(weights.clone())}
    kept = prune_(pool, sparsity)
    assert torch.equal(kept["w"], select({"w": weights}, sparsity)["w"])
    assert torch.equal(pool["w"], weights * kept["w"])


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


@pytest.mark.parametrize(
    ("total", "sparsity", "kept"), [(10, 0.0, 10), (10, 0.5, 5), (3, 0.5, 1), (1, 0.99, 0)]
)
def test_kept_count(total, sparsity, kept):
    assert kept_count(total, sparsity) == kept


def test_a_mask_of_another_shape_is_not_read_beyond_its_end():
    with pytest.raises(ValueError, match=r"w: expected a mask of \(5, 7\), found \(5, 6\)"):
        windowed.zero_({"w": torch.ones(5, 7)}, {"w": torch.ones(5, 6, dtype=torch.bool)})
