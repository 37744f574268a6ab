"""RigL beside its published code: what comes is new to the optimizer, what stays is not."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from parp_espnet.pruning.magnitudes import step_above
from parp_espnet.pruning.training import PrunedTraining
from tests.pruning.loops import UPDATES, Loop

OPTIMIZERS: dict[str, Any] = {
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    "adamw, amsgrad": lambda parameters: torch.optim.AdamW(parameters, lr=0.01, amsgrad=True),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9),
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, lr=0.01, momentum=0.9),
    "adadelta": torch.optim.Adadelta,
    "adagrad": torch.optim.Adagrad,
    "adagrad, from a number": lambda weights: torch.optim.Adagrad(
        weights, initial_accumulator_value=0.5
    ),
    "rprop": lambda parameters: torch.optim.Rprop(parameters, lr=0.01),
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
}


class Rows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.w = nn.Parameter(torch.randn(8, 10, generator=draw))


def moments_of(optimizer: torch.optim.Optimizer, weights: Tensor) -> dict[str, Tensor]:
    state = optimizer.state[weights]
    return {name: value for name, value in state.items() if value.shape == weights.shape}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_optimizer_begins_anew_with_what_comes(kind: str) -> None:
    model = Rows()
    optimizer = OPTIMIZERS[kind](model.parameters())
    conf = {"method": "rigl", "sparsity": 0.5, "interval": 3, "alpha": 0.6, "updates": 12}
    pruning = PrunedTraining(model, optimizer, conf | {"prune_pattern": "w"})
    pruning.start()
    draw = torch.Generator().manual_seed(1)
    for _ in range(2):
        model.w.grad = torch.randn(8, 10, generator=draw)
        optimizer.step()
    before = copy.deepcopy(pruning.pruner.kept["w"])
    history = copy.deepcopy(moments_of(optimizer, model.w))
    assert history
    model.w.grad = torch.randn(8, 10, generator=draw)
    gradient = model.w.grad.clone()
    optimizer.step()
    came = pruning.pruner.kept["w"] & ~before
    assert came.any()
    fresh = Rows()
    other = OPTIMIZERS[kind](fresh.parameters())
    fresh.w.data.zero_()
    fresh.w.grad = gradient
    other.step()
    for name, wanted in moments_of(other, fresh.w).items():
        found = moments_of(optimizer, model.w)[name]
        assert torch.allclose(found[came], wanted[came], rtol=1e-5, atol=1e-12), name
        # All others have their past.
        assert not torch.isclose(found[~came], wanted[~came], rtol=1e-3).all(), name
    # Of what it has of the whole tensor, such as how many steps there were, nothing is forgotten.
    steps = optimizer.state[model.w].get("step")
    assert steps is None or float(steps) == 3


def test_codes_of_an_optimizer_are_let_be() -> None:
    """0 of 256 codes is a number of an optimizer's own, such as the lowest."""
    model = Rows()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    conf = {"method": "rigl", "sparsity": 0.5, "interval": 1, "updates": 12, "prune_pattern": "w"}
    PrunedTraining(model, optimizer, conf).start()
    codes = torch.full((8, 10), 127, dtype=torch.uint8)
    optimizer.state[model.w]["state1"] = codes
    model.w.grad = torch.randn(8, 10)
    optimizer.step()
    assert (codes == 127).all()


def test_what_is_taken_back_keeps_its_past() -> None:
    model = Rows()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    conf = {"method": "rigl", "sparsity": 0.5, "interval": 2, "alpha": 0.6, "updates": 12}
    pruning = PrunedTraining(model, optimizer, conf | {"prune_pattern": "w"})
    pruning.start()
    kept = pruning.pruner.kept["w"].clone()
    model.w.grad = torch.ones(8, 10)
    optimizer.step()
    # Nothing that was pruned has a gradient: what goes comes again.
    model.w.grad = 2.0 * kept
    optimizer.step()
    assert torch.equal(pruning.pruner.kept["w"], kept)
    moments = optimizer.state[model.w]["exp_avg"]
    assert torch.allclose(moments[kept], torch.tensor(0.9 * 0.1 + 0.1 * 2.0))


@pytest.mark.parametrize("at", [3, 5, 6, 9])
def test_it_is_resumed_to_the_same_bits(at: int) -> None:
    wanted = Loop("rigl").start().go_on(UPDATES)
    again = Loop("rigl").resume(Loop("rigl").start().go_on(at).state()).go_on(UPDATES)
    for name, tensor in wanted.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name])


@pytest.mark.parametrize("largest", [0.0, 1e-45, 1.0, 3.4028235e38, math.inf])
def test_a_step_above_is_above_0_and_in_order(largest: float) -> None:
    numbers = torch.tensor([0.0, 1e-45, 0.5, -0.5, largest])
    stepped = step_above(numbers)
    assert (stepped > 0).all()
    assert not stepped.isnan().any()
    assert (stepped >= numbers.abs()).all()
    order = numbers.abs().argsort(stable=True)
    assert (stepped[order].diff() >= 0).all()
    assert step_above(torch.tensor([math.nan])).isnan().all()


def test_an_infinite_weight_stays() -> None:
    model = Rows()
    model.w.data[0, 0] = math.inf
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    conf = {"method": "rigl", "sparsity": 0.5, "interval": 1, "updates": 12, "prune_pattern": "w"}
    pruning = PrunedTraining(model, optimizer, conf)
    pruning.start()
    model.w.grad = torch.randn(8, 10)
    optimizer.step()
    assert pruning.pruner.kept["w"][0, 0]
