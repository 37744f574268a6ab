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
