"""The method table and where first masks come from."""

from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pruning.combine import random_mask
from parp_espnet.pruning.first import first_mask
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import (
    METHODS,
    Change,
    Source,
    Weights,
    find_method,
    rounds,
)
from parp_espnet.pruning.pool import shapes_of
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select


@pytest.fixture
def pool() -> dict[str, torch.Tensor]:
    return {"w": torch.randn(20, 10, generator=torch.Generator().manual_seed(0))}


MOVING = ["parp-ste", "rigl", "movement", "movement-p", "router", "router-p"]


def test_the_table():
    before = ["dense", "rp", "mpi", "omp", "imp", "parp", "parp-p", "transfer"]
    assert list(METHODS) == [*before, *MOVING, "small", "lora"]
    adjusting = [name for name, method in METHODS.items() if method.adjusts]
    assert adjusting == ["parp", "parp-p", *MOVING]
    growing = [name for name, method in METHODS.items() if method.grows]
    assert growing == ["parp-p", "movement-p"]
    costs = {}
    for name, method in METHODS.items():
        costs[name] = 1 + method.runs_before(method.first_mask, 0.5)
    assert costs == {
        "dense": 1,
        "rp": 1,
        "mpi": 1,
        "omp": 2,
        "imp": 6,
        "parp": 1,
        "parp-p": 1,
        "transfer": 1,
        "parp-ste": 1,
        "rigl": 1,
        "movement": 1,
        "movement-p": 1,
        "router": 1,
        "router-p": 2,
        "small": 1,
        "lora": 1,
    }
    assert [name for name, method in METHODS.items() if method.adapts] == ["lora"]
    assert not METHODS["lora"].prunes
    assert not METHODS["lora"].is_ready


def test_what_happens_to_the_mask():
    changes = {name: method.change for name, method in METHODS.items() if method.adjusts}
    assert changes == {
        "parp": Change.WEIGHTS,
        "parp-p": Change.WEIGHTS,
        "parp-ste": Change.WEIGHTS,
        "rigl": Change.GRADIENTS,
        "movement": Change.SCORES,
        "movement-p": Change.SCORES,
        "router": Change.SCORES,
        "router-p": Change.SCORES,
    }
    assert [name for name, method in METHODS.items() if method.weights is Weights.KEPT] == [
        "router",
        "router-p",
    ]


def test_weights_that_were_finetuned_cost_a_finetuning_whatever_the_mask():
    row = METHODS["router-p"]
    assert [row.runs_before(source, 0.5) for source in (Source.FINETUNED, Source.FILE)] == [1, 1]
    assert row.runs_before(Source.ITERATED, 0.5) == 6


@pytest.mark.parametrize(
    ("sparsity", "expected"),
    [(0.0, []), (0.1, [0.1]), (0.3, [0.1, 0.2, 0.3]), (0.25, [0.1, 0.2, 0.25]), (0.05, [0.05])],
)
def test_rounds_of_imp_are_ten_points_apart(sparsity: float, expected: list[float]):
    assert rounds(sparsity) == expected
    assert Source.ITERATED.runs_before(sparsity) == len(expected)


@pytest.mark.parametrize(
    ("found", "nearest"), [("prap", "parp"), ("PARP", "parp"), ("denes", "dense"), ("ompp", "omp")]
)
def test_a_misspelt_method_suggests_the_nearest(found: str, nearest: str):
    with pytest.raises(UserError, match=f"found '{found}'; did you mean '{nearest}'"):
        find_method(found)


def test_an_unknown_method_lists_them():
    known = ", ".join(METHODS)
    with pytest.raises(UserError, match=f"expected one of {known}, found 'lottery'"):
        find_method("lottery")


def test_the_pretrained_weights(pool):
    mask = first_mask(pool, 0.4, Ranking(), file=None)
    assert torch.equal(mask.kept["w"], select(pool, 0.4)["w"])
    assert mask.sparsity == pytest.approx(0.4)
    assert first_mask(pool, 0.0, Ranking(), file=None).kept["w"].all()
    assert first_mask(pool, 0.0, Ranking(), file=None).origin == Source.NOTHING.value


def test_a_file_takes_the_place_of_the_own_mask(pool, tmp_path: Path):
    other = Mask({"w": torch.rand(20, 10) > 2}, origin="another language", sparsity_target=0.5)
    other.kept["w"].view(-1)[:100] = True
    other.save(tmp_path / "mask.safetensors")
    mask = first_mask(pool, 0.5, Ranking(), file=tmp_path / "mask.safetensors")
    assert mask.sha256 == other.sha256
    assert mask.origin == "another language"


def test_shares_that_were_rounded_in_parts_are_accepted(tmp_path: Path):
    pool = {name: torch.zeros(5) for name in "abcdefgh"}
    random_mask(shapes_of(pool), 0.5, seed=0).save(
        tmp_path / "mask.safetensors"
    )  # 2 of every 5, so 16 of 40
    assert first_mask(
        pool, 0.5, Ranking(), file=tmp_path / "mask.safetensors"
    ).sparsity == pytest.approx(0.4)


def test_a_file_of_another_sparsity_is_refused(pool, tmp_path: Path):
    first_mask(pool, 0.5, Ranking(), file=None).save(tmp_path / "mask.safetensors")
    with pytest.raises(UserError, match=r"expected a mask of sparsity 0.3, found 0.5"):
        first_mask(pool, 0.3, Ranking(), file=tmp_path / "mask.safetensors")
