"""Masks that move by other rules than PARP's, in ESPnet's trainer: exact, and resumed to the same
bits.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.espnet.states import load_model_state
from parp_espnet.export.packed_language import pack_of
from parp_espnet.export.trained import load_trained
from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool, pool_names
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.selection import kept_count
from parp_espnet.upstreams.weights import load_weights

UPDATES = 18
CONFS: dict[str, dict[str, Any]] = {
    "parp-ste": {},
    "rigl": {"updates": UPDATES},
    "movement-p": {"updates": UPDATES, "score_lr": 1e4},
    "router": {"score_lr": 30.0},
}
MOVED = {"parp-ste": {"weights"}, "rigl": set()}
LEARNED = {"weights", "scores"}


class Kill(BaseException):
    """Stands in for a kill in the second epoch."""


def conf_of(method: str) -> dict[str, Any]:
    return {"method": method, "sparsity": 0.5, "interval": 4} | CONFS[method]


@pytest.mark.parametrize("method", CONFS)
def test_it_is_exact_and_continues_to_the_same_bits(
    recipe, tmp_path: Path, method: str, after: Callable[..., Any], assert_same
):
    pruning = conf_of(method)
    whole = recipe.train(tmp_path / "whole", prune_conf=pruning)

    def kill() -> None:
        raise Kill

    with after(9, kill), pytest.raises(Kill):
        recipe.train(tmp_path / "parts", prune_conf=pruning)
    recipe.train(tmp_path / "parts", prune_conf=pruning)
    assert_same(whole, tmp_path / "parts")

    summary = read_json(whole / "training.json")
    assert summary["method"] == method
    assert summary["sparsity_measured"] == 0.5
    assert summary["iou_initial_final"] < 1, "the mask moves"
    mask = Mask.load(whole / "mask.safetensors")
    wanted = kept_count(mask.total, 0.5)
    last = 3 if method == "movement-p" else 1
    for path in whole.glob("*.pth"):
        if path.name.startswith("checkpoint") or int(path.resolve().name[0], 36) < last:
            continue
        assert nonzero_count(find_pool(load_model_state(path))) == wanted, path
    moved = torch.load(whole / "checkpoint.pth", weights_only=True)["optimizers"][0]["parp"]
    assert set(moved["pruner"]["moved"]) == MOVED.get(method, LEARNED)


@pytest.mark.parametrize("averaged", [1, 3])
def test_a_router_leaves_the_upstream_as_it_was(
    recipe, tmp_path: Path, upstream: Path, averaged: int
):
    """All that differs from it are the mask, the head and the norms; of an average, too."""
    recipe.train(tmp_path, prune_conf=conf_of("router"), keep_nbest_models=averaged)
    model = load_model_state(tmp_path / "valid.loss.ave.pth")
    kept = Mask.load(tmp_path / "mask.safetensors").kept
    before, after = find_pool(load_weights(upstream)), find_pool(model)
    assert all(torch.equal(after[name], before[name] * kept[name]) for name in kept)
    names = set(pool_names(model).values())
    beside: dict[str, bool] = {}
    for name, tensor in load_weights(upstream).items():
        (here,) = [found for found in model if found.endswith(f".{name}")]
        if here not in names:
            beside[name] = torch.equal(tensor, model[here])
    moved = {name for name, same in beside.items() if not same}
    assert moved
    assert all("layer_norm" in name for name in moved), moved
    pack = pack_of(load_trained(tmp_path)).pack
    assert {name.partition(".")[2] for name in pack.beside if "lm_head" not in name} == moved


def test_adapters_leave_the_upstream_as_it_was_and_continue_to_the_same_bits(
    recipe, tmp_path: Path, upstream: Path, after: Callable[..., Any], assert_same
):
    conf = {"method": "lora", "adapter_rank": 2}
    whole = recipe.train(tmp_path / "whole", prune_conf=conf, keep_nbest_models=1)

    def kill() -> None:
        raise Kill

    with after(9, kill), pytest.raises(Kill):
        recipe.train(tmp_path / "parts", prune_conf=conf, keep_nbest_models=1)
    recipe.train(tmp_path / "parts", prune_conf=conf, keep_nbest_models=1)
    assert_same(whole, tmp_path / "parts")

    assert Mask.load(whole / "mask.safetensors").sparsity == 0
    model = load_model_state(whole / "valid.loss.ave.pth")
    checkpoint = torch.load(whole / "checkpoint.pth", weights_only=True)
    beside = checkpoint["optimizers"][0]["parp"]["pruner"]["moved"]["weights"]
    before, after_it = find_pool(load_weights(upstream)), find_pool(model)
    for name, weights in before.items():
        assert torch.equal(beside[name], weights), name
        if weights.dim() == 2:
            added = torch.linalg.svdvals(after_it[name] - weights)
            assert int((added > 1e-5).sum()) == 2, name
        else:
            assert torch.equal(after_it[name], weights), name
    names = set(pool_names(model).values())
    for name, tensor in load_weights(upstream).items():
        (here,) = [found for found in model if found.endswith(f".{name}")]
        assert here in names or "layer_norm" in name or torch.equal(tensor, model[here]), name
