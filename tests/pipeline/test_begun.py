from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pipeline.begun import begin_head
from parp_espnet.pipeline.config import make
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.upstreams.head import Head, write_head


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a language of four phones, whose list of tokens is there."""
    lists = tmp_path / "dump/token_list"
    lists.mkdir(parents=True)
    tokens = ("<blank>", "<unk>", "a", "n", "ɲ", "<sos/eos>")
    (lists / "train.txt").write_text("".join(f"{token}\n" for token in tokens))
    return Settings(
        train_config=ROOT / "conf/train/phn.yaml",
        dumpdir=str(tmp_path / "dump"),
        sparsity=0.5,
        upstream="./exp/before",
    )


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """What the preflight has left of an upstream with a head."""
    place = tmp_path / "upstream"
    place.mkdir()
    write_head(Head(torch.zeros(4, 2), torch.zeros(4), ("<blank>", "a", "n", "<unk>")), place)
    (place / "frontend.json").write_text("{}")
    return place


def test_which_rows_are_of_what_is_said_and_left(
    settings: Settings, upstream: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exp = tmp_path / "exp"
    conf = begin_head(settings, upstream, exp)["head_conf"]
    assert conf["rows"] == [0, 3, 1, 2, 2, -1]
    assert conf["lowered"] == [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    said = capsys.readouterr().out
    assert said.startswith("the head of ./exp/before: 4 of 6 rows are of equal labels; 1 of the")
    assert "ɲ of n" in said
    told = read_json(exp / "head.json")
    assert told == {
        "<blank>": "<blank>", "<unk>": "<unk>", "a": "a", "n": "n", "ɲ": "n", "<sos/eos>": "",
    }  # fmt: skip
    begin_head(settings, upstream, exp)
    assert capsys.readouterr().out == ""
    assert begin_head(replace(settings, init_head="none"), upstream, exp) == {}
    assert not (exp / "head.json").exists()


def test_a_training_without_updates_needs_it(
    settings: Settings, upstream: Path, tmp_path: Path
) -> None:
    still = replace(settings, updates=0, method="dense", sparsity=0.0)
    make(still, upstream / "frontend.json", None, tmp_path / "exp/train.yaml")
    made = yaml.safe_load((tmp_path / "exp/train.yaml").read_text())
    assert made["max_epoch"] == 0
    assert made["head_conf"]["rows"][4] == 2
    (upstream / "head.safetensors").unlink()
    with pytest.raises(UserError, match=r"--updates 0: expected an upstream with a head"):
        make(still, upstream / "frontend.json", None, tmp_path / "other/train.yaml")


def test_what_changes_nothing_without_updates_is_said(
    settings: Settings, upstream: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = replace(settings, lr=0.0004, layerdrop=0.1, mask_time_prob=0.3)
    begin_head(trained, upstream, tmp_path / "trained")
    assert "change nothing" not in capsys.readouterr().out
    still = replace(trained, updates=0, method="dense", sparsity=0.0)
    begin_head(still, upstream, tmp_path / "still")
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == (
        "--updates 0: nothing learns, so these change nothing: --lr 0.0004, --layerdrop 0.1, "
        "--mask_time_prob 0.3"
    )
    begin_head(replace(still, lr=None, layerdrop=None, mask_time_prob=None), upstream, tmp_path)
    assert "change nothing" not in capsys.readouterr().out


def test_weights_that_were_finetuned_have_a_head_of_their_own(
    settings: Settings, upstream: Path, tmp_path: Path
) -> None:
    assert begin_head(replace(settings, method="router-p"), upstream, tmp_path) == {}
