"""A mask file that a run cannot begin with is refused before anything runs."""

import subprocess
from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.mask_checks import check_mask
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select

ES = ROOT / "egs2/cldr/es"


def save(path: Path, sparsity: float, **ranking: str) -> Path:
    """A mask of some weights by magnitude."""
    torch.manual_seed(0)
    pool = {f"layers.{number}.weight": torch.randn(16, 8) for number in range(3)}
    how = Ranking(**ranking)
    mask = Mask(select(pool, sparsity, how), origin="made", sparsity_target=sparsity, ranking=how)
    mask.save(path)
    return path


def check(mask: Path, *words: str) -> None:
    own = ("--recipe", str(ES), "--corpus", "cldr", "--lang", "es", "--upstream", "multi")
    check_mask(read([*own, "--initial_mask", str(mask), *words]))


@pytest.mark.parametrize(
    ("ranking", "words"),
    [
        ({}, ("--method", "mpi", "--sparsity", "0.7")),
        ({"scope": "row"}, ("--method", "parp", "--sparsity", "0.7")),
        ({"scope": "row"}, ("--method", "parp", "--sparsity", "0.7", "--scope", "row")),
        # Which begins with less than it ends with.
        ({}, ("--method", "parp-p", "--sparsity", "0.9")),
        ({}, ("--method", "router", "--sparsity", "0.7")),
    ],
)
def test_a_mask_of_the_first_sparsity(
    ranking: dict[str, str], words: tuple[str, ...], tmp_path: Path
) -> None:
    check(save(tmp_path / "mask.safetensors", 0.7, **ranking), *words)


@pytest.mark.parametrize(
    "words",
    [
        ("--method", "mpi", "--sparsity", "0.9"),
        ("--method", "parp", "--sparsity", "0.69"),
        ("--method", "parp-p", "--sparsity", "0.7"),
        ("--method", "router", "--sparsity", "0.5"),
    ],
)
def test_another_sparsity(words: tuple[str, ...], tmp_path: Path) -> None:
    mask = save(tmp_path / "mask.safetensors", 0.7)
    with pytest.raises(UserError, match=r"phn.sh: --initial_mask .*: expected a mask of sparsity"):
        check(mask, *words)
    check(mask, *words, "--dry_run", "true")


def test_another_pattern(tmp_path: Path) -> None:
    words = ("--method", "mpi", "--sparsity", "0.5", "--pattern", "2:4")
    check(save(tmp_path / "even.safetensors", 0.5, pattern="2:4"), *words)
    with pytest.raises(UserError, match=r"--initial_mask .*: expected a mask that keeps"):
        check(save(tmp_path / "free.safetensors", 0.5), *words)


@pytest.mark.parametrize("part", [0, 8, 200, -1])
def test_what_is_no_mask(part: int, tmp_path: Path) -> None:
    mask = save(tmp_path / "mask.safetensors", 0.7)
    mask.write_bytes(mask.read_bytes()[:part])
    with pytest.raises(UserError, match=r"phn.sh: --initial_mask .*: expected a mask"):
        check(mask, "--method", "mpi", "--sparsity", "0.7")


def test_a_recipe_makes_nothing_before_it_says_so(tmp_path: Path) -> None:
    mask = save(tmp_path / "mask.safetensors", 0.7)
    expdir = tmp_path / "exp"
    own = ("--method", "mpi", "--sparsity", "0.9", "--upstream", "multi", "--train_minutes", "1")
    done = subprocess.run(
        [ES / "run.sh", *own, "--initial_mask", mask, "--expdir", expdir],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "expected a mask of sparsity 0.9, found 0.700521" in done.stderr
    assert not expdir.exists()
