"""N:M against a plain sort of every group."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.errors import UserError
from parp_espnet.pruning.combine import random_mask
from parp_espnet.pruning.first import first_mask
from parp_espnet.pruning.groups import follows
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import prune_, select

TWO_OF_FOUR = Ranking.of(scope="2:4")
numbers = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, float("inf"), float("-inf"), 1e-40])


@st.composite
def grouped(draw: st.DrawFn) -> tuple[torch.Tensor, int, int]:
    size = draw(st.integers(2, 9))
    kept = draw(st.integers(1, size - 1))
    rows, groups = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    count = rows * groups * size
    values = draw(st.lists(numbers, min_size=count, max_size=count))
    return torch.tensor(values).view(rows, groups * size), kept, size


@given(grouped(), st.sampled_from([torch.float32, torch.float16, torch.bfloat16]))
def test_every_group_keeps_its_largest_and_ties_go_by_position(case, dtype):
    tensor, kept, size = case
    tensor = tensor.to(dtype)
    ranking = Ranking.of(scope=f"{kept}:{size}")
    found = select({"w": tensor}, 1 - kept / size, ranking)["w"]
    groups = tensor.float().abs().view(-1, size)
    pruned = groups.sort(dim=1, stable=True).indices[:, : size - kept]
    expected = torch.ones_like(groups, dtype=torch.bool).scatter_(1, pruned, False)
    assert torch.equal(found, expected.view(tensor.shape))
    assert follows(found, kept, size)
    assert torch.equal(prune_({"w": tensor}, 1 - kept / size, ranking)["w"], found)
    assert torch.equal(tensor != 0, found & (tensor != 0))


@pytest.mark.parametrize("shape", [(3, 6), (6,), ()])
def test_rows_have_to_divide_into_groups(shape):
    with pytest.raises(
        UserError, match="layer: 2:4 needs a last dimension that is a multiple of 4"
    ):
        select({"layer": torch.ones(shape)}, 0.5, TWO_OF_FOUR)


def test_nan_is_refused():
    with pytest.raises(UserError, match=r"w: 1 of 4 weights are NaN"):
        select({"w": torch.tensor([0.0, 1.0, float("nan"), 2.0])}, 0.5, TWO_OF_FOUR)


@pytest.mark.parametrize(
    ("scope", "sparsity", "message"),
    [
        ("2:4", 0.4, "expected its own sparsity 0.5, found 0.4"),
        ("4:4", 0.5, "N below M"),
        ("0:4", 0.5, "expected one of global, layer, tensor, row, 2:4"),
        ("tensr", 0.5, "did you mean 'tensor'"),
    ],
)
def test_what_is_no_scope(scope, sparsity, message):
    with pytest.raises(UserError, match=message):
        Ranking.of(scope=scope).check(sparsity)


def test_a_first_mask_from_a_file_has_to_follow_the_pattern(tmp_path: Path):
    pool = {"w": torch.randn(8, 16, generator=torch.Generator().manual_seed(0))}
    made = random_mask({"w": (8, 16)}, 0.5, seed=1, ranking=TWO_OF_FOUR)
    assert follows(made.kept["w"], 2, 4)
    made.save(tmp_path / "good.safetensors")
    assert first_mask(pool, 0.5, TWO_OF_FOUR, tmp_path / "good.safetensors").sha256 == made.sha256
    Mask(select(pool, 0.5), origin="plain", sparsity_target=0.5).save(tmp_path / "bad.safetensors")
    with pytest.raises(UserError, match="expected a mask that keeps 2:4 consecutive weights"):
        first_mask(pool, 0.5, TWO_OF_FOUR, tmp_path / "bad.safetensors")
    # Nothing is pruned where nothing is asked for.
    assert bool(first_mask(pool, 0.0, TWO_OF_FOUR, None).kept["w"].all())
