"""The method table and where first masks come from."""

from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import METHODS, find_method, first_mask
from parp_espnet.pruning.selection import select


@pytest.fixture
def pool() -> dict[str, torch.Tensor]:
    return {"w": torch.randn(20, 10, generator=torch.Generator().manual_seed(0))}


def test_the_table():
    assert {"dense", "mpi", "parp", "omp", "transfer"} <= METHODS.keys()
    assert [name for name, method in METHODS.items() if method.adjusts] == ["parp"]
    assert METHODS["omp"].runs == 2


@pytest.mark.parametrize(
    ("found", "nearest"), [("prap", "parp"), ("PARP", "parp"), ("denes", "dense"), ("ompp", "omp")]
)
def test_a_misspelt_method_suggests_the_nearest(found: str, nearest: str):
    with pytest.raises(UserError, match=f"found '{found}'; did you mean '{nearest}'"):
        find_method(found)


def test_an_unknown_method_lists_them():
    with pytest.raises(UserError, match="expected one of dense, mpi, parp, omp, transfer, found 'lottery'"):
        find_method("lottery")


def test_the_pretrained_weights(pool):
    mask = first_mask(METHODS["mpi"], pool, 0.4, file=None)
    assert torch.equal(mask.kept["w"], select(pool, 0.4)["w"])
    assert mask.sparsity == pytest.approx(0.4)
    assert first_mask(METHODS["dense"], pool, 0.0, file=None).kept["w"].all()


def test_a_file_takes_the_place_of_the_own_mask(pool, tmp_path: Path):
    other = Mask({"w": torch.rand(20, 10) > 2}, origin="another language", sparsity_target=0.5)
    other.kept["w"].view(-1)[:100] = True
    other.save(tmp_path / "mask.safetensors")
    for name in ("parp", "omp", "transfer"):
        mask = first_mask(METHODS[name], pool, 0.5, file=tmp_path / "mask.safetensors")
        assert mask.sha256 == other.sha256
        assert mask.origin == "another language"


def test_a_file_of_another_sparsity_is_refused(pool, tmp_path: Path):
    first_mask(METHODS["mpi"], pool, 0.5, file=None).save(tmp_path / "mask.safetensors")
    with pytest.raises(UserError, match=r"expected a mask of sparsity 0.3, found 0.5"):
        first_mask(METHODS["transfer"], pool, 0.3, file=tmp_path / "mask.safetensors")
