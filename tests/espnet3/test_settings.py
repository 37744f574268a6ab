"""Whether an experiment of espnet3's is that of the YAML, and the upstream's copy that of its
upstream.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from tests.conftest import ROOT

pytest.importorskip("lightning")

from espnet3.utils.config_utils import load_and_merge_config
from espnet3.utils.task_utils import save_espnet_config
from omegaconf import DictConfig, OmegaConf

from parp_espnet.espnet3 import told as told_module
from parp_espnet.espnet3.launch import CONFIGURATIONS
from parp_espnet.espnet3.made import CldrBuilder
from parp_espnet.espnet3.measure import runs_of
from parp_espnet.espnet3.settings import check_callback, check_same
from parp_espnet.espnet3.speech import is_made, need_free, need_made
from parp_espnet.espnet3.system import PruningSystem
from parp_espnet.espnet3.told import SHIPPED, USUAL, options_of
from parp_espnet.files import read_json, write_json
from parp_espnet.locks import locked
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.pruning.settings import PruneSettings

RECIPE = ROOT / "egs3/cldr/asr1"
YAML = RECIPE / "conf/training.yaml"
STOPPING = "lightning.pytorch.callbacks.EarlyStopping"


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
        ({"trainer__limit_train_batches": 2}, r"trainer.limit_train_batches None, now 2"),
        ({"trainer__val_check_interval": 0.5}, r"trainer.val_check_interval None, now 0.5"),
        ({"trainer__gradient_clip_algorithm": "value"}, r"clip_algorithm None, now value"),
        ({"trainer__devices": 2}, r"trainer.devices None, now 2"),
        ({"scheduler_interval": "epoch"}, r"scheduler_interval None, now epoch"),
        (
            {"trainer__callbacks": [{"_target_": STOPPING, "monitor": "valid/loss"}]},
            r"trainer.callbacks None, now .*EarlyStopping",
        ),
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
        ("/a/checkout", {"trainer__accelerator": "gpu"}),
        ("/a/checkout", {"trainer__profiler": "simple"}),
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


@pytest.mark.parametrize(
    ("then", "is_same"),
    [
        ("egs2/cldr/ssl1/upstreams/multi", True),
        ("/another/checkout/egs2/cldr/ssl1/upstreams/multi", True),
        ("/another/checkout/egs2/cldr/ssl1/upstreams/mono", False),
        ("egs2/cldr/ssl1/upstreams/mono", False),
        (None, False),
    ],
)
def test_a_checkout_that_was_moved_has_the_same_upstream(
    then: str | None, is_same: bool, tmp_path: Path
) -> None:
    """And one whose copy an earlier version made: training and measuring refused it."""
    builder, data = CldrBuilder(), str(tmp_path / "data")
    given = {"data_dir": data, "upstream": str(ROOT / "egs2/cldr/ssl1/upstreams/multi")}
    builder.prepare_source(**given)
    source = tmp_path / "data/upstream/source.json"
    write_json(source, read_json(source) | {"upstream": then})
    assert builder.is_source_prepared(**given) is is_same


def test_speech_that_no_builder_makes_is_trained_on(tmp_path: Path) -> None:
    """espnet3 asks a recipe's own data set for a builder in create_dataset alone."""
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset/__init__.py").write_text("class Dataset:\n    pass\n")
    need_made(settings(str(tmp_path)))


def of_callback(**changes: Any) -> DictConfig:
    """The recipe's, with a callback that says something else."""
    config = settings("/a/checkout")
    (entry,) = config.trainer.callbacks
    for name, value in changes.items():
        entry[name] = value
    return config


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (of_callback(prune_conf={"method": "dense"}), r"prune_conf: expected the same .*dense"),
        (of_callback(seed=5), r"seed: expected the same at the top .*found 0 and 5"),
        (settings("/a", seed=5, trainer__callbacks__0__seed=None), r"seed: .*found 5 and 0"),
        (of_callback(exp_dir="/b"), r"exp_dir: expected the same .*/exp/training and /b"),
        (settings("/a", prune_conf=None, trainer__callbacks=[]), "one PruningCallback, .*found 0"),
        (settings("/a", trainer__callbacks=[{"_target_": STOPPING}]), "found 0"),
    ],
)
def test_what_prunes_is_what_results_and_exports_read(config: DictConfig, said: str) -> None:
    with pytest.raises(UserError, match=said) as told:
        check_callback(config)
    assert "\n" not in str(told.value)


def test_what_prunes_may_stand_beside_others() -> None:
    check_callback(settings("/a/checkout"))
    check_callback(settings("/a/checkout", seed=None))
    config = settings("/a/checkout")
    config.trainer.callbacks.append({"_target_": STOPPING, "monitor": "valid/loss"})
    check_callback(config)


def told(place: str = "/a/checkout", **changes: Any) -> dict[str, Any]:
    """What a result says of the recipe's training with changes, as espnet3 reads the YAML."""
    merged = load_and_merge_config(
        YAML, config_name="training.yaml", default_package=CONFIGURATIONS, resolve=False
    )
    usual = {"recipe_dir": place, "exp_dir": f"{place}/exp/other"}
    for name, value in (usual | changes).items():
        OmegaConf.update(merged, name.replace("__", "."), value, force_add=True)
    config = OmegaConf.to_container(merged, resolve=True)
    assert isinstance(config, dict)
    return dict(options_of({str(name): value for name, value in config.items()}))


USUAL_OPTIONS = {"trainer": "espnet3", "updates": 300}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, {}),
        ({"place": "/moved/elsewhere"}, {}),
        # Two seeds are two of the same.
        ({"seed": 7}, {}),
        ({"updates": 600}, {"updates": 600}),
        ({"trainer__accelerator": "gpu"}, {}),
        # A result has fields for these.
        ({"prune_conf__sparsity": 0.5, "prune_conf__interval": 9}, {}),
        ({"create_dataset__lang": "fr"}, {}),
        ({"prune_conf__scope": "layer"}, {"scope": "layer"}),
        ({"prune_conf__scope": "global"}, {}),
        ({"prune_conf__pattern": "2:4", "prune_conf__sparsity": 0.5}, {"pattern": "2:4"}),
        ({"prune_conf__score": "activation"}, {"score": "activation"}),
        ({"prune_conf__initial_mask": "/a/fr.safetensors"}, {"initial_mask": "fr.safetensors"}),
        ({"prune_conf__prune_biases": False}, {"prune_biases": False}),
        ({"optimizer__lr": 1e-4}, {"training_config.optimizer.lr": 1e-4}),
        ({"trainer__limit_train_batches": 2}, {"training_config.trainer.limit_train_batches": 2}),
        ({"model__specaug": "specaug"}, {"training_config.specaug": "specaug"}),
    ],
)
def test_a_result_has_every_option_that_differs(
    changes: dict[str, Any], said: dict[str, Any]
) -> None:
    assert told(**changes) == USUAL_OPTIONS | said


@pytest.mark.parametrize("content", ["edited: true\n", None])
def test_beside_a_recipe_that_was_edited_all_values_are_told_apart(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or where it is not, as with the package alone."""
    if content is not None:
        (tmp_path / "training.yaml").write_text(content)
    monkeypatch.setattr(told_module, "USUAL", tmp_path / "training.yaml")
    usual = told()
    assert usual.keys() == {*USUAL_OPTIONS, "training_config"}
    assert told(seed=1, place="/moved") != told(optimizer__lr=1e-4)
    assert told(place="/moved") == usual


@pytest.mark.parametrize(
    ("conf", "runs"),
    [
        ({"method": "dense"}, 1),
        ({"method": "parp", "sparsity": 0.5}, 1),
        ({"method": "omp", "sparsity": 0.5, "initial_mask": "/a/mask.safetensors"}, 1),
    ],
)
def test_what_it_costs(conf: dict[str, Any], runs: int) -> None:
    assert runs_of(PruneSettings.parse(conf)) == runs


def test_the_recipe_is_the_one_that_was_shipped() -> None:
    """Whoever changes it gives its new hash to `SHIPPED`: results of the old one are told apart."""
    assert hashlib.sha256(USUAL.read_bytes()).hexdigest() == SHIPPED


MADE = {"lang": "es", "minutes": {"train": 10, "dev": 2, "test": 6}, "seed": 0}


def of_recipe(tmp_path: Path, upstream: Path, name: str, **changes: Any) -> DictConfig:
    """A YAML of a recipe, by its name, whose data may be another's."""
    places = {
        "recipe_dir": str(RECIPE),
        "data_dir": str(tmp_path / "data"),
        "exp_dir": str(tmp_path / "exp" / name),
        "create_dataset__upstream": str(upstream),
    }
    return settings(str(RECIPE), **{**places, **changes})


@pytest.fixture
def made(upstream: Path, tmp_path: Path) -> Path:
    """Where one YAML's speech and upstream are; the speech itself is not looked at."""
    CldrBuilder().prepare_source(str(tmp_path / "data"), str(upstream))
    write_json(tmp_path / "data/corpus.json", MADE)
    return tmp_path


OTHERS: list[dict[str, Any]] = [
    {"create_dataset__lang": "fr"},
    {"create_dataset__seed": 1},
    {"create_dataset__minutes__test": 7},
    {"create_dataset__upstream": "another"},
]


@pytest.mark.parametrize("changes", OTHERS)
def test_what_another_yaml_has_made_is_not_trained_on(
    changes: dict[str, Any], made: Path, upstream: Path
) -> None:
    own = of_recipe(made, upstream, "own")
    assert is_made(own)
    need_made(own)
    other = of_recipe(made, upstream, "other", **changes)
    assert not is_made(other)
    with pytest.raises(UserError, match=r"data: expected what create_dataset of this YAML makes"):
        need_made(other)


@pytest.mark.parametrize("changes", OTHERS)
def test_what_an_experiment_was_trained_on_is_not_replaced(
    changes: dict[str, Any], made: Path, upstream: Path
) -> None:
    own = of_recipe(made, upstream, "own")
    other = of_recipe(made, upstream, "other", **changes)
    need_free(other)
    (made / "exp/own").mkdir(parents=True)
    save_espnet_config(str(own.task), own, str(made / "exp/own"))
    need_free(own)
    need_free(of_recipe(made, upstream, "third", prune_conf__sparsity=0.5))
    with pytest.raises(UserError, match=r"exp/own was trained on what is there .*data_dir of its"):
        need_free(other)
    need_free(of_recipe(made, upstream, "other", data_dir=str(made / "data/other"), **changes))


def test_two_at_once_are_refused(made: Path, upstream: Path) -> None:
    system = PruningSystem(of_recipe(made, upstream, "own"))
    for place, stages in (
        ("data", [system.create_dataset]),
        ("exp/own", [system.train, system.measure]),
    ):
        with locked(made / place / LOCK, wait=False):
            for stage in stages:
                with pytest.raises(UserError, match=rf"{place} is in use by process \d+"):
                    stage()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"minutes": {"train": "ten", "dev": 1, "test": 1}}, "minutes: expected .*found .*ten"),
        ({"minutes": {"train": True, "dev": 1, "test": 1}}, "minutes: expected"),
        ({"minutes": {"train": 1, "dev": 1}}, "minutes: expected those of each set"),
        ({"minutes": {"train": 1, "valid": 1, "test": 1}}, "minutes: expected"),
        ({"minutes": 10}, "minutes: expected .*found 10"),
        ({"minutes": None}, "minutes: expected .*found None"),
        ({"lang": None}, "expected lang, such as es, .*found None and 0"),
        ({"seed": "one"}, "a whole number as seed, found es and one"),
    ],
)
def test_speech_that_cannot_be_made_is_one_line(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    for make in (CldrBuilder().is_built, CldrBuilder().build):
        with pytest.raises(UserError, match=said) as told:
            make(str(tmp_path), **MADE | changes)
        assert "\n" not in str(told.value)
