"""What a job of a study makes beside its experiment."""

from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pruning.combine import random_mask
from parp_espnet.pruning.masks import Mask
from parp_espnet.study import job
from parp_espnet.study.experiment import Combined

PLACE = Path("exp/masks/union_learned_es_fr_s0.5_seed0.safetensors")


@pytest.fixture
def parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three masks of one pool, below a project's directory of our own."""
    monkeypatch.setattr(job, "ROOT", tmp_path)
    names = [Path(f"{language}.safetensors") for language in ("es", "fr", "tr")]
    for seed, name in enumerate(names):
        random_mask({"a": (4, 6), "b": (8,)}, 0.5, seed).save(tmp_path / name)
    return names


def test_a_combined_mask_is_made_again_where_its_parents_changed(
    parents: list[Path], tmp_path: Path
) -> None:
    combined = Combined("union", tuple(parents[:2]), PLACE)
    first = job.make_combined(combined)
    random_mask({"a": (4, 6), "b": (8,)}, 0.9, 7).save(tmp_path / parents[1])
    assert job.make_combined(combined) > first


@pytest.mark.parametrize("how", ["union", "majority"])
def test_a_mask_of_another_study_is_not_replaced(
    how: str, parents: list[Path], tmp_path: Path
) -> None:
    """Two arms of one name, in two studies: the second one's replaced the first one's."""
    job.make_combined(Combined("union", tuple(parents[:2]), PLACE))
    before = Mask.load(tmp_path / PLACE).kept
    others = parents[:2] if how == "majority" else parents[1:]
    with pytest.raises(UserError, match="give the arm another name"):
        job.make_combined(Combined(how, tuple(others), PLACE))
    after = Mask.load(tmp_path / PLACE).kept
    assert all(torch.equal(after[name], kept) for name, kept in before.items())


LONG = "exp/phn_parp_s0.5_n5_multi_train_10min_u300_seed0/mask.safetensors"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (("es", "fr"), ("es", "tr"), ("tr/exp", "fr/exp")),
        (("es", "fr"), ("es", "fr", "tr"), ("tr/exp", "no other")),
        (("es", "fr", "tr"), ("es", "fr"), ("no other", "tr/exp")),
    ],
)
def test_the_error_says_which_masks_differ(
    before: tuple[str, ...],
    now: tuple[str, ...],
    said: tuple[str, str],
    parents: list[Path],
    tmp_path: Path,
) -> None:
    """However long the names of experiments are."""
    for parent in parents:
        (tmp_path / parent.stem / LONG).parent.mkdir(parents=True)
        (tmp_path / parent).rename(tmp_path / parent.stem / LONG)
    job.make_combined(Combined("union", tuple(Path(name) / LONG for name in before), PLACE))
    with pytest.raises(UserError) as told:
        job.make_combined(Combined("union", tuple(Path(name) / LONG for name in now), PLACE))
    expected, found = str(told.value).split(", found ")
    assert said[0] in expected
    assert said[1] in found
    assert "es/exp" not in found


def test_a_damaged_combined_mask_is_made_again(parents: list[Path], tmp_path: Path) -> None:
    combined = Combined("union", tuple(parents[:2]), PLACE)
    sparsity = job.make_combined(combined)
    whole = (tmp_path / PLACE).read_bytes()
    (tmp_path / PLACE).write_bytes(whole[:40])
    assert job.make_combined(combined) == sparsity
    assert (tmp_path / PLACE).read_bytes() == whole
