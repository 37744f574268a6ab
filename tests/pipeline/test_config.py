from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from parp_espnet.errors import UserError
from parp_espnet.pipeline.config import make
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    path = tmp_path / "frontend.json"
    path.write_text('{"upstream": "hf_hubert_custom", "path_or_url": "exp/upstreams/x"}')
    return path


def made(
    tmp_path: Path, frontend: Path, settings: Settings, mask: Path | None = None
) -> dict[str, object]:
    make(settings, frontend, mask, tmp_path / "train.yaml")
    found = yaml.safe_load((tmp_path / "train.yaml").read_text())
    assert isinstance(found, dict)
    return found


def test_the_experiment_is_in_the_shipped_configuration(tmp_path: Path, frontend: Path) -> None:
    config = ROOT / "conf/train/phn.yaml"
    settings = Settings(train_config=config, updates=300, seed=7, sparsity=0.5, interval=4)
    found = made(tmp_path, frontend, settings, Path("a b/mask.safetensors"))
    assert found["max_epoch"] * found["num_iters_per_epoch"] == 300 * found["accum_grad"]  # type: ignore[operator]
    assert found["scheduler_conf"]["max_steps"] == 300  # type: ignore[index]
    assert found["seed"] == 7
    assert found["encoder"] is None
    assert found["frontend_conf"]["frontend_conf"]["path_or_url"] == "exp/upstreams/x"  # type: ignore[index]
    assert found["prune_conf"] == {
        "method": "parp",
        "sparsity": 0.5,
        "interval": 4,
        "freeze_updates": 0,
        "initial_mask": "a b/mask.safetensors",
        "scope": "global",
        "start_sparsity": None,
        "sparsity_path": "linear",
        "updates": 300,
        "prune_biases": True,
        "prune_pattern": None,
    }


def test_a_teacher(tmp_path: Path, frontend: Path) -> None:
    config = ROOT / "conf/train/phn.yaml"
    settings = Settings(train_config=config, sparsity=0.5, teacher="exp/other", teacher_weight=2.0)
    assert made(tmp_path, frontend, settings)["teacher_conf"] == {
        "model": "exp/other/valid.cer_ctc.ave.pth",
        "weight": 2.0,
    }


def test_the_learning_rate_is_the_configurations_unless_it_is_given(
    tmp_path: Path, frontend: Path
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("optim_conf: {lr: 0.1, eps: 1.0e-8}\n")
    plain = made(tmp_path / "plain", frontend, Settings(train_config=config, sparsity=0.5))
    given = made(tmp_path / "given", frontend, Settings(train_config=config, sparsity=0.5, lr=0.01))
    assert plain["optim_conf"] == {"lr": 0.1, "eps": 1.0e-8}
    assert given["optim_conf"] == {"lr": 0.01, "eps": 1.0e-8}


def test_an_experiment_keeps_its_settings(tmp_path: Path, frontend: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("optim_conf: {lr: 0.1}\n")
    settings = Settings(train_config=config, sparsity=0.5)
    assert made(tmp_path, frontend, settings) == made(tmp_path, frontend, settings)
    config.write_text("optim_conf: {lr: 0.2}\n")
    changes = (
        r"made with other settings \(optim_conf.lr 0.1, now 0.2; prune_conf.sparsity 0.5, now 0.4\)"
    )
    with pytest.raises(UserError, match=changes):
        made(tmp_path, frontend, replace(settings, sparsity=0.4))


@pytest.mark.parametrize("content", ["", "{", "a list\n", "\0"])
def test_a_damaged_configuration_of_ones_own_is_written_again(
    tmp_path: Path, frontend: Path, content: str
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("max_epoch: 10\n")
    settings = Settings(recipe=tmp_path, train_config=config, sparsity=0.5)
    whole = made(tmp_path, frontend, settings)
    (tmp_path / "train.yaml").write_text(content)
    assert made(tmp_path, frontend, settings) == whole


@pytest.mark.parametrize(("updates", "epochs"), [(300, 5), (301, 1), (4, 4), (1, 1), (18, 3)])
def test_updates_are_exact(tmp_path: Path, frontend: Path, updates: int, epochs: int) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("max_epoch: 5\naccum_grad: 2\n")
    found = made(tmp_path, frontend, Settings(train_config=config, updates=updates, sparsity=0.5))
    assert found["max_epoch"] == epochs
    assert found["num_iters_per_epoch"] == 2 * updates // epochs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- a\n", "expected a YAML mapping"),
        ("a: [\n", "cannot read"),
        ("prune_conf: {}\nseed: 1\n", "sets prune_conf, seed, which phn.sh sets itself"),
        ("max_epoch: 0\n", "max_epoch of the training configuration: expected 1 or more"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, frontend: Path, content: str, message: str) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(content)
    with pytest.raises(UserError, match=message):
        made(tmp_path, frontend, Settings(train_config=config))
