"""Whether an experiment of espnet3's is that of the YAML, and the upstream's copy that of its
upstream.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from tests.conftest import ROOT

pytest.importorskip("lightning")

from espnet3.utils.task_utils import save_espnet_config
from omegaconf import DictConfig, OmegaConf

from parp_espnet.espnet3.made import CldrBuilder
from parp_espnet.espnet3.settings import check_same

YAML = ROOT / "egs3/cldr/asr1/conf/training.yaml"


def settings(place: str, **changes: Any) -> DictConfig:
    """The recipe's, in a checkout at `place`; names of changes have __ for a dot."""
    config = OmegaConf.load(YAML)
    assert isinstance(config, DictConfig)
    usual = {"recipe_dir": place, "data_dir": f"{place}/data", "exp_dir": f"{place}/exp/training"}
    for name, value in (usual | changes).items():
        OmegaConf.update(config, name.replace("__", "."), value, merge=False, force_add=True)
    return config


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What espnet3 leaves of a training that has begun, with the recipe's settings."""
    config = settings("/a/checkout")
    save_espnet_config(str(config.task), config, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prune_conf__sparsity": 0.5}, r"prune_conf.sparsity 0.8, now 0.5"),
        ({"prune_conf__scope": "layer"}, r"prune_conf.scope None, now layer"),
        ({"prune_conf": {"method": "parp", "sparsity": 0.8}}, r"prune_conf.interval 30, now none"),
        ({"seed": 1}, r"seed 0, now 1"),
        ({"updates": 600}, r"updates 300, now 600"),
        ({"create_dataset__lang": "fr"}, r"create_dataset.lang es, now fr"),
        ({"create_dataset__upstream": "mono"}, r"create_dataset.upstream \S+multi, now mono"),
        ({"create_dataset__minutes__train": 60}, r"minutes.train 10, now 60"),
        ({"optimizer__lr": 1e-4}, r"optimizer.lr 0.001, now 0.0001"),
        ({"trainer__max_epochs": 6}, r"trainer.max_epochs 5, now 6"),
        ({"trainer__accumulate_grad_batches": 2}, r"accumulate_grad_batches None, now 2"),
        ({"dataloader__train__iter_factory__batches__batch_bins": 9}, r"batch_bins 200000, now 9"),
        ({"model__frontend_conf__multilayer_feature": True}, r"multilayer_feature False, now True"),
        ({"model__specaug": "specaug"}, r"specaug None, now specaug"),
    ],
)
def test_other_settings_are_refused(left: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=rf"{left} was made with other settings \(.*{said}") as told:
        check_same(settings("/a/checkout", **changes), left)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        ("/a/checkout", {}),
        ("/moved/elsewhere", {}),
        ("/a/checkout", {"trainer__log_every_n_steps": 5}),
        ("/a/checkout", {"dataloader__train__iter_factory__num_workers": 2}),
        ("/a/checkout", {"fit__ckpt_path": "/a/checkout/exp/training/step60.ckpt"}),
    ],
)
def test_what_changes_no_model_is_the_same(left: Path, place: str, changes: dict[str, Any]) -> None:
    check_same(settings(place, **changes), left)


@pytest.mark.parametrize("content", [None, "", "- a list", "a: [cut"])
def test_where_no_training_has_begun_nothing_is_compared(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "config.yaml").write_text(content)
    check_same(settings("/a/checkout"), tmp_path)


def test_the_upstreams_copy_is_of_that_upstream(upstream: Path, tmp_path: Path) -> None:
    """Of another one, one that has changed, and one of before it said so it is made again."""
    builder, data = CldrBuilder(), str(tmp_path / "data")
    given = {"data_dir": data, "upstream": str(upstream), "lang": "es", "minutes": {"train": 1}}
    assert not builder.is_source_prepared(**given)
    builder.prepare_source(**given)
    assert builder.is_source_prepared(**given)
    other = tmp_path / "other"
    shutil.copytree(upstream, other)
    assert not builder.is_source_prepared(**given | {"upstream": str(other)})
    builder.prepare_source(**given | {"upstream": str(other)})
    assert builder.is_source_prepared(**given | {"upstream": str(other)})
    assert not builder.is_source_prepared(**given)
    config = other / "config.json"
    config.write_text(config.read_text() + "\n")
    assert not builder.is_source_prepared(**given | {"upstream": str(other)})
    builder.prepare_source(**given)
    (tmp_path / "data/upstream/source.json").unlink()
    assert not builder.is_source_prepared(**given)
