"""What counts as an update, and ESPnet's other options beside pruning: all of it leaves exactly
sparse models.
"""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModel

from parp_espnet.errors import UserError
from parp_espnet.espnet.decode import Recogniser
from parp_espnet.espnet.states import load_model_state
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.files import read_json
from parp_espnet.pruning.groups import follows
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.selection import kept_count, select
from parp_espnet.pruning.units import described

TOTAL = 2 * (4 * 32 * 33 + 64 * 33 + 32 * 65)
QUICK = {"max_epoch": 2, "num_iters_per_epoch": 3, "keep_nbest_models": 1}
SHOWN = ("sparsity", "mask_flips", "mask_iou_first", "mask_iou_previous")
MODEL = "valid.loss.ave.pth"


def zeros_of(experiment: Path) -> int:
    return TOTAL - nonzero_count(find_pool(load_model_state(experiment / MODEL)))


def steps(lines: Any, experiment: Path) -> list[int]:
    return [event["step"] for event in lines(experiment / "pruning.jsonl")]


def test_an_update_is_not_a_batch(recipe, tmp_path: Path, lines):
    experiment = recipe.train(tmp_path, accum_grad=2, scheduler_conf={"max_steps": 9})
    assert steps(lines, experiment) == [0, 3, 4, 6, 8, 9]
    assert zeros_of(experiment) == TOTAL - kept_count(TOTAL, 0.5)
    assert read_json(experiment / "progress.json")["updates"] == 9


GROWING = {"start_sparsity": 0.25, "updates": 18}


@pytest.mark.parametrize(
    ("method", "more", "prunes"),
    [
        ("parp", {}, [0, 4, 8, 10, 12, 16]),
        ("parp", {"score": "activation"}, [0, 4, 8, 10, 12, 16]),
        ("mpi", {}, [0]),
        # The last prune is where the sparsity has to be by then, whatever was left out.
        ("parp-p", GROWING, [0, 4, 8, 10, 12, 16, 16]),
        ("movement-p", GROWING, [0, 4, 8, 10, 12, 16, 16]),
    ],
)
def test_a_step_that_is_skipped_is_no_update(
    recipe, tmp_path: Path, lines, monkeypatch, method: str, more: dict[str, Any], prunes: list[int]
):
    real, gradients = PruningASRTask.build_model.__func__, []

    def build_model(cls: type, args: Any) -> Any:
        model = real(cls, args)
        weight = model.ctc.ctc_lo.weight

        def overflow(gradient: torch.Tensor) -> torch.Tensor:
            gradients.append(1)
            return gradient * float("inf") if len(gradients) in (2, 5) else gradient

        weight.register_hook(overflow)
        return model

    monkeypatch.setattr(PruningASRTask, "build_model", classmethod(build_model))
    experiment = recipe.train(
        tmp_path, prune_conf={"method": method, "sparsity": 0.5, "interval": 4} | more
    )
    assert len(gradients) == 18
    assert read_json(experiment / "training.json")["updates"] == 16
    assert steps(lines, experiment) == prunes
    assert zeros_of(experiment) == TOTAL - kept_count(TOTAL, 0.5)


def test_early_stopping_leaves_a_sparse_model(recipe, tmp_path: Path):
    # The loss falls, so that by this criterion no epoch is better than the first.
    stop = {"patience": 1, "early_stopping_criterion": ["valid", "loss", "max"], "max_epoch": 20}
    experiment = recipe.train(
        tmp_path, **stop, num_iters_per_epoch=3, scheduler_conf={"max_steps": 60}
    )
    assert read_json(experiment / "training.json")["updates"] < 60
    assert zeros_of(experiment) == TOTAL - kept_count(TOTAL, 0.5)


def test_what_grows_until_the_end_is_not_stopped_early(recipe, tmp_path: Path):
    growing = {"method": "parp-p", "sparsity": 0.5, "interval": 2, "updates": 60}
    with pytest.raises(UserError, match="patience: expected none with method parp-p, found 1"):
        recipe.train(tmp_path, patience=1, prune_conf=growing)


def test_frozen_layers_are_pruned_once_and_stay(recipe, tmp_path: Path):
    layer = "frontend.upstream.upstream.model.encoder.layers.0"
    experiment = recipe.train(tmp_path, **QUICK, freeze_param=[layer])
    weights = find_pool(load_model_state(experiment / MODEL))
    before = find_pool(AutoModel.from_pretrained(recipe.upstream).state_dict())
    first = Mask.load(experiment / "initial_mask.safetensors").kept
    assert zeros_of(experiment) == TOTAL - kept_count(TOTAL, 0.5)
    for name, weight in weights.items():
        if name.startswith("encoder.layers.0."):
            changed = weight != before[name] * first[name]
            assert not bool((changed & (weight != 0)).any()), name


def test_the_first_mask_is_of_what_init_param_loads(recipe, tmp_path: Path):
    dense = recipe.train(tmp_path / "dense", **QUICK, prune_conf={"method": "dense"})
    parp = recipe.train(tmp_path / "parp", **QUICK, init_param=[str(dense / MODEL)])
    expected = select(find_pool(load_model_state(dense / MODEL)), 0.5)
    found = Mask.load(parp / "initial_mask.safetensors").kept
    assert all(torch.equal(found[name], kept) for name, kept in expected.items())


@pytest.mark.parametrize("method", ["parp", "mpi"])
def test_two_of_four(recipe, tmp_path: Path, method: str):
    pool = {"scope": "2:4", "prune_biases": False}
    experiment = recipe.train(
        tmp_path, **QUICK, prune_conf={"method": method, "sparsity": 0.5, "interval": 2} | pool
    )
    mask = Mask.load(experiment / "mask.safetensors")
    assert mask.scope == "2:4"
    assert all(name.endswith("weight") and follows(kept, 2, 4) for name, kept in mask.kept.items())
    weights = load_model_state(experiment / MODEL)
    pruned = {name: tensor for name, tensor in find_pool(weights).items() if name in mask.kept}
    assert all(follows(tensor != 0, 2, 4) for tensor in pruned.values())
    assert Recogniser(experiment / MODEL).sparsity == 0.5


def test_whole_units(recipe, tmp_path: Path):
    pruned = {"method": "parp-p", "sparsity": 0.5, "interval": 2, "updates": 6}
    experiment = recipe.train(tmp_path, **QUICK, prune_conf=pruned | {"scope": "units"})
    mask = Mask.load(experiment / "mask.safetensors")
    assert (mask.scope, mask.ranking.heads, mask.sparsity_target) == ("units", 4, 0.5)
    assert described(mask.ranking.form, mask.kept) == [
        "64 of 128 feed-forward units",
        "4 of 8 heads",
    ]
    weights = find_pool(load_model_state(experiment / MODEL))
    assert not any(tensor[~mask.kept[name]].any() for name, tensor in weights.items())
    assert Recogniser(experiment / MODEL).sparsity == mask.sparsity


def test_channels_of_convolutions_train(recipe, tmp_path: Path):
    pruned = {"method": "parp-p", "sparsity": 0.5, "start_sparsity": 0.25, "interval": 2}
    pruned |= {"updates": 6, "pattern": "units+conv"}
    experiment = recipe.train(tmp_path, **QUICK, prune_conf=pruned)
    mask = Mask.load(experiment / "mask.safetensors")
    assert mask.scope == "units+conv"
    for told in described(mask.ranking.form, mask.kept):
        gone, _, whole = told.split()[:3]
        assert 2 * int(gone) == int(whole)
    states = load_model_state(experiment / MODEL)
    weights = find_pool(states, channels=True)
    assert not any(tensor[~mask.kept[name]].any() for name, tensor in weights.items())
    before = find_pool(AutoModel.from_pretrained(recipe.upstream).state_dict(), channels=True)
    name = "feature_extractor.conv_layers.0.conv.weight"
    kept = mask.kept[name]
    assert not torch.equal(weights[name][kept], before[name][kept])
    assert Recogniser(experiment / MODEL).sparsity == mask.sparsity


def test_the_first_mask_is_of_what_comes_to_the_weights(recipe, tmp_path: Path):
    prune_conf = {"method": "parp", "sparsity": 0.5, "interval": 2, "score": "activation"}
    experiment = recipe.train(tmp_path, **QUICK, prune_conf=prune_conf)
    first = Mask.load(experiment / "initial_mask.safetensors")
    assert (first.made.ranking, first.scope, first.sparsity) == ("activation", "global", 0.5)
    weights = find_pool(AutoModel.from_pretrained(recipe.upstream).state_dict())
    by_magnitude = select(weights, 0.5)
    assert not all(torch.equal(first.kept[name], kept) for name, kept in by_magnitude.items())
    assert zeros_of(experiment) == TOTAL - kept_count(TOTAL, 0.5)


def test_a_pool_of_ones_own(recipe, tmp_path: Path):
    pool = {"prune_pattern": r"encoder\.layers\.1\.feed_forward\..*\.weight"}
    conf = {"method": "parp", "sparsity": 0.75, "interval": 2} | pool
    experiment = recipe.train(tmp_path, **QUICK, prune_conf=conf)
    mask = Mask.load(experiment / "mask.safetensors")
    assert sorted(mask.kept) == [
        f"encoder.layers.1.feed_forward.{kind}_dense.weight" for kind in ("intermediate", "output")
    ]
    assert zeros_of(experiment) == round(0.75 * mask.total)
    assert Recogniser(experiment / MODEL).sparsity == 0.75


def test_tensorboard_shows_the_mask(recipe, tmp_path: Path, lines):
    experiment = recipe.train(tmp_path, use_tensorboard=True, log_interval=1)
    shown = EventAccumulator(str(experiment / "tensorboard" / "train"))
    shown.Reload()
    tags = {
        name: tag for tag in shown.Tags()["scalars"] for name in SHOWN if tag.split("/")[-1] == name
    }
    assert set(tags) == set(SHOWN)
    # Prunes at the end of an epoch are in the log only; ESPnet adds each epoch's mean to the same
    # curve.
    points = {(scalar.step, scalar.value) for scalar in shown.Scalars(tags["mask_flips"])}
    flips = {event["step"]: event["flips"] for event in lines(experiment / "pruning.jsonl")}
    means = {(6, flips[4]), (12, (flips[8] + flips[12]) / 2), (18, flips[16])}
    assert {point for point in points if not math.isnan(point[1])} == means | {
        (s, flips[s]) for s in (4, 8, 12, 16)
    }


def test_a_pool_that_nothing_is_in(recipe, tmp_path: Path):
    with pytest.raises(UserError, match=r"named as in the pattern 'decoder\.\*', found"):
        recipe.train(
            tmp_path, prune_conf={"method": "parp", "sparsity": 0.5, "prune_pattern": "decoder.*"}
        )
