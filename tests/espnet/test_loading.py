"""A model loads from wherever one is, and what is missing is named."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.errors import UserError
from parp_espnet.espnet.decode import decode
from parp_espnet.espnet.found import find_model
from parp_espnet.espnet.loading import load_model
from parp_espnet.files import write_json

MODEL = "valid.loss.ave.pth"


@pytest.fixture
def experiment(learned: Path, tmp_path: Path) -> Path:
    """The experiment in a recipe, as phn.sh leaves it: its configuration has a path from the
    recipe's directory.
    """
    recipe = tmp_path / "recipe"
    config = yaml.safe_load((learned / "config.yaml").read_text())
    inner = config["frontend_conf"]["frontend_conf"]
    shutil.copytree(inner["path_or_url"], recipe / "elsewhere")
    upstream = recipe / "exp/upstreams/tiny"
    upstream.mkdir(parents=True)
    for file in (recipe / "elsewhere").iterdir():
        (upstream / file.name).symlink_to(f"../../../elsewhere/{file.name}")
    inner["path_or_url"] = "exp/upstreams/tiny"
    made = recipe / "exp/tag"
    made.mkdir()
    (made / "config.yaml").write_text(yaml.safe_dump(config))
    shutil.copy(learned / MODEL, made / MODEL)
    shutil.copy(learned / "training.json", made)
    return made


def test_from_anywhere(
    experiment: Path, learned: Path, tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = decode(learned / MODEL, tones, tmp_path / "there").read_text()
    assert decode(experiment / MODEL, tones, tmp_path / "absolute").read_text() == there
    monkeypatch.chdir(experiment)
    assert decode(Path(MODEL), tones, tmp_path / "relative").read_text() == there


def test_an_upstream_that_is_gone(experiment: Path):
    recipe = experiment.parent.parent
    (recipe / "elsewhere/model.safetensors").unlink()
    with pytest.raises(
        UserError, match=r"tiny/model\.safetensors: leads nowhere: .* is gone; run .* stage 5"
    ):
        load_model(experiment / MODEL)
    shutil.rmtree(recipe / "exp/upstreams")
    with pytest.raises(
        UserError,
        match=r"config\.yaml: the upstream exp/upstreams/tiny is gone, below .*/exp or what",
    ):
        load_model(experiment / MODEL)


def test_an_upstream_that_is_damaged(experiment: Path):
    (experiment.parent.parent / "elsewhere/model.safetensors").write_bytes(b"none")
    with pytest.raises(UserError, match=r"config\.yaml: the model cannot be built"):
        load_model(experiment / MODEL)


def test_which_model(experiment: Path, tmp_path: Path):
    assert find_model(experiment) == experiment / MODEL
    assert find_model(experiment / MODEL) == experiment / MODEL
    (experiment / "training.json").unlink()
    assert find_model(experiment) == experiment / MODEL
    (experiment / "valid.acc.ave.pth").touch()
    with pytest.raises(UserError, match=r"found valid\.acc\.ave\.pth, valid\.loss\.ave\.pth"):
        find_model(experiment)
    with pytest.raises(UserError, match="found no model"):
        find_model(tmp_path)
    with pytest.raises(UserError, match="no such model"):
        find_model(tmp_path / "none")
    with pytest.raises(UserError, match="no such model"):
        find_model(tmp_path / ("long" * 100))
    for name in ("talk.wav", "mask.safetensors", "config.yaml", "text"):
        (tmp_path / name).touch()
        with pytest.raises(UserError, match=r"expected a model, .* found another file$"):
            find_model(tmp_path / name)
    (tmp_path / "model.pth").touch()
    for link in ("best", "valid.best"):
        (tmp_path / link).symlink_to("model.pth")
        assert find_model(tmp_path / link) == tmp_path / link


def test_what_is_no_model(experiment: Path, tones: Path):
    shutil.copy(tones / "tone-0.wav", experiment / "tone.wav")
    with pytest.raises(UserError, match=r"tone\.wav: expected a model's state_dict"):
        load_model(experiment / "tone.wav")
    torch.save({"odd": torch.zeros(1)}, experiment / "odd.pth")
    with pytest.raises(
        UserError, match=r"odd\.pth: does not fit config\.yaml beside it: .*Missing key"
    ):
        load_model(experiment / "odd.pth")
    with pytest.raises(UserError, match="--device cuda:77: no such device here"):
        load_model(experiment / MODEL, "cuda:77")
    (experiment / "config.yaml").write_text("a: [")
    with pytest.raises(UserError, match=r"config\.yaml: expected YAML"):
        load_model(experiment / MODEL)
    write_json(experiment / "config.yaml", {"a": 1})
    with pytest.raises(UserError, match="found no token_list"):
        load_model(experiment / MODEL)
