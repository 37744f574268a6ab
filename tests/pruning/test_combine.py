"""Random masks, and masks made of masks."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.combine import combine, random_mask
from parp_espnet.pruning.masks import Mask, iou, random_iou
from parp_espnet.pruning.origin import Origin

SHAPES = {"encoder.layers.0.fc1.weight": (64, 96), "encoder.layers.0.fc1.bias": (96,)}


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.9])
def test_a_random_mask_prunes_its_share_of_each_tensor(sparsity: float) -> None:
    mask = random_mask(SHAPES, sparsity, seed=1)
    for name, kept in mask.kept.items():
        assert kept.shape == SHAPES[name]
        assert int((~kept).sum()) == round(sparsity * kept.numel())


def test_the_seed_decides() -> None:
    one, again, other = (random_mask(SHAPES, 0.5, seed) for seed in (1, 1, 2))
    assert one.sha256 == again.sha256 != other.sha256
    assert iou(one.kept, other.kept) == pytest.approx(random_iou(0.5), abs=0.03)


def mask(*bits: bool) -> Mask:
    return Mask({"w": torch.tensor(bits)}, origin="", sparsity_target=0.5)


@pytest.mark.parametrize("seed", [-1, -(2**63), 2**64 - 1])
def test_seeds_that_torch_has(seed: int) -> None:
    assert random_mask(SHAPES, 0.5, seed).made.seed == seed


@pytest.mark.parametrize("seed", [-(2**63) - 1, 2**64, 10**30])
def test_a_seed_that_torch_has_not(seed: int) -> None:
    with pytest.raises(UserError, match=f"^seed {seed}: expected -9223372036854775808 to 184467"):
        random_mask(SHAPES, 0.5, seed)


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=2, max_size=5))
def test_votes(rows: list[list[bool]]) -> None:
    votes = torch.tensor(rows).sum(0)
    names = [str(number) for number in range(len(rows))]
    masks = [mask(*row) for row in rows]
    all_of, most_of = votes == len(rows), 2 * votes > len(rows)
    expected: dict[str, Tensor] = {"union": votes > 0, "intersection": all_of, "majority": most_of}
    for how, kept in expected.items():
        combined = combine(masks, how, names)
        assert torch.equal(combined.kept["w"], kept)
        assert combined.sparsity_target == combined.sparsity


def test_what_cannot_be_combined() -> None:
    other = Mask({"w": torch.ones(5, dtype=torch.bool)}, origin="", sparsity_target=0.0)
    with pytest.raises(UserError, match="expected two masks or more, found 1"):
        combine([other], "union", ["a"])
    with pytest.raises(UserError, match=r"b and a: the mask does not fit"):
        combine([mask(True, False), other], "union", ["a", "b"])


def test_a_combined_mask_has_what_its_masks_have_in_common() -> None:
    es, tr = (
        Origin("finetuned", "omp", f"egs2/cldr/{name}", name, 0, "multi", "magnitude")
        for name in ("es", "tr")
    )
    kept = {"w": torch.tensor([True, False])}
    masks = [Mask(kept, origin="", sparsity_target=0.5, made=made) for made in (es, tr)]
    parents = f"{masks[0].sha256} {masks[1].sha256}"
    assert combine(masks, "union", ["one", "other"]).made == Origin(
        "union", "omp", None, "es tr", 0, "multi", "magnitude", parents
    )
    # Whose one of them is, nobody knows.
    masks.append(Mask(kept, origin="", sparsity_target=0.5))
    assert combine(masks, "majority", ["a", "b", "c"]).made.language is None
