"""Experiments as the upstreams of others: dense or pruned, of every family, with head and mask."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.espnet.states import load_model_state
from parp_espnet.export.prepared import prepare
from parp_espnet.export.start import as_upstream
from parp_espnet.export.trained import load_trained
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool
from parp_espnet.upstreams.head import read_head
from parp_espnet.upstreams.labels import read_labels
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.weights import load_weights


def test_an_experiment_is_an_upstream_with_its_head_and_its_mask(
    tested: Path, tmp_path: Path
) -> None:
    taken = as_upstream(str(tested), tmp_path)
    checked = preflight(taken, tmp_path)
    trained = load_trained(tested)
    assert checked.labels == len(trained.tokens)
    assert read_labels(tmp_path / "head.safetensors") == trained.tokens
    states = load_model_state(tested / "valid.loss.ave.pth")
    assert torch.equal(
        read_head(tmp_path / "head.safetensors")["weight"], states["ctc.ctc_lo.weight"]
    )
    mask = Mask.load(Path(taken) / "mask.safetensors")
    assert mask.sha256 == Mask.load(tested / "mask.safetensors").sha256
    pool, before = find_pool(load_weights(tmp_path)), find_pool(states)
    assert all(torch.equal(pool[name], before[name]) for name in before)


def test_a_model_file_of_it(tested: Path, tmp_path: Path) -> None:
    experiment = tmp_path / "exp"
    shutil.copytree(tested, experiment, symlinks=False)
    states = load_model_state(experiment / "valid.loss.ave.pth")
    states["ctc.ctc_lo.bias"] += 1
    torch.save(states, experiment / "another.pth")
    taken = Path(as_upstream(str(experiment / "another.pth"), tmp_path / "out"))
    assert torch.equal(load_weights(taken)["lm_head.bias"], states["ctc.ctc_lo.bias"])
    # A mask is of the model with which the training ended.
    assert not (taken / "mask.safetensors").exists()
    taken = Path(as_upstream(str(experiment / "valid.loss.ave.pth"), tmp_path / "out"))
    assert (taken / "mask.safetensors").is_file()


@pytest.mark.parametrize("kind", ["wavlm", "data2vec", "wav2vec2, group norm"])
def test_of_other_families(make_drawn: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    experiment = tmp_path / "exp"
    make_drawn(kind, experiment, sparsity=0.5)
    taken = as_upstream(str(experiment), tmp_path / "out")
    checked = preflight(taken, tmp_path / "out")
    assert checked.labels == len(load_trained(experiment).tokens)
    states = load_model_state(experiment / "valid.loss.ave.pth")
    pool, before = find_pool(load_weights(Path(taken))), find_pool(states)
    assert all(torch.equal(pool[name], before[name]) for name in before)


def test_an_upstream_is_itself(upstream: Path, tmp_path: Path) -> None:
    for word in (str(upstream), "facebook/wav2vec2-base", str(tmp_path / "gone")):
        assert as_upstream(word, tmp_path) == word


def _without(name: str) -> Callable[[Path], object]:
    return lambda experiment: (experiment / name).unlink()


def _with(name: str, content: str) -> Callable[[Path], object]:
    return lambda experiment: (experiment / name).write_text(content)


def _of_another_size(experiment: Path) -> None:
    states = load_model_state(experiment / "valid.loss.ave.pth")
    # Not of the pool, whose zeros are counted first.
    name = next(name for name in states if name.endswith("final_layer_norm.bias"))
    states[name] = torch.cat([states[name], states[name].new_ones(1)])
    torch.save(states, experiment / "valid.loss.ave.pth")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_with("training.json", "[]"), "with its model's name, found None; train again"),
        (_with("training.json", "{}"), "with its model's name, found None; train again"),
        (_with("training.json", '{"model": "../a.pth"}'), r"found '\.\./a\.pth'; train again"),
        (_with("config.yaml", ""), "config.yaml: expected the configuration that ESPnet leaves"),
        (_with("valid.loss.ave.pth", "weights"), "a truncated file .*none of torch's files"),
        (_with("valid.loss.ave.pth", ""), "a truncated file .*the file is empty"),
        (_without("valid.loss.ave.pth"), "no such model file"),
        (_of_another_size, r"weights are missing or misshapen, such as .*norm\.bias: expected s"),
    ],
)
def test_damaged_ones(
    tested: Path, tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    experiment = tmp_path / "exp"
    shutil.copytree(tested, experiment, symlinks=False)
    damage(experiment)
    with pytest.raises(UserError, match=said) as caught:
        prepare(str(experiment), tmp_path / "out", (), None, None, True)
    assert str(caught.value).startswith(str(experiment))
    assert "\n" not in str(caught.value)


def test_one_that_is_not_complete(tested: Path, tmp_path: Path) -> None:
    experiment = tmp_path / "exp"
    shutil.copytree(tested, experiment, symlinks=True)
    (experiment / "training.json").unlink()
    with pytest.raises(UserError, match=r"expected training.json, .* complete it first"):
        as_upstream(str(experiment), tmp_path / "out")
