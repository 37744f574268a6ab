"""Steps that come to no update: a scaler's of half precision, whoever takes its scale off, and
batches that a loop leaves out.
"""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError
from parp_espnet.pruning.measures import Inputs
from tests.pruning.loops import UPDATES, Loop
from tests.pruning.test_training import CONFS, batch
from tests.pruning.test_training import Loop as Layers

METHODS = ["mpi", "parp", "parp-p", "parp-ste", "movement", "movement-p", "rigl", "router", "lora"]
OVERFLOWS = (3, 7)
ACTIVATION = CONFS["activation"]


class Scaled(Loop):
    """A loop with a scaler, whose optimizer takes the scale off itself, or does not."""

    def __init__(self, method: str, *, fused: bool, clips: bool, scales: bool = True) -> None:
        super().__init__(method, **({"sparsity": 0.0} if method == "lora" else {}))
        for group in self.optimizer.param_groups:
            group["fused"], group["foreach"] = fused, False
        self.optimizer._step_supports_amp_scaling = fused
        self.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, enabled=scales)
        self.clips = clips
        self.start()

    def go_on(self, until: int, *_: Any) -> "Scaled":
        while self.updates < until:
            self.updates += 1
            self.optimizer.zero_grad()
            self.scaler.scale(self.loss(self.updates)).backward()
            if self.updates in OVERFLOWS and self.scaler.is_enabled():
                self.model["body"][0].weight.grad[0] = math.inf
            if self.clips:
                self.scaler.unscale_(self.optimizer)
                nn.utils.clip_grad_norm_(self.model.parameters(), 0.1)
            self.scaler.step(self.optimizer)
            self.scaler.update()
        self.pruning.end()
        return self

    def numbers(self) -> list[Tensor]:
        """All that the loop has learned."""
        moved = self.pruning.pruner.mover.state_dict()
        beside = [tensor for kind in moved.values() for tensor in kind.values()]
        return [*self.model.state_dict().values(), *beside]


@pytest.mark.parametrize("clips", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_an_optimizer_that_takes_the_scale_off_itself_is_pruned_as_another(
    method: str, clips: bool
) -> None:
    plain = Scaled(method, fused=False, clips=clips).go_on(UPDATES)
    fused = Scaled(method, fused=True, clips=clips).go_on(UPDATES)
    assert fused.pruning.pruner.update == plain.pruning.pruner.update == UPDATES - len(OVERFLOWS)
    for found, wanted in zip(fused.numbers(), plain.numbers(), strict=True):
        assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("scales", [True, False])
def test_an_optimizer_that_nothing_is_skipped_of_makes_every_update(scales: bool) -> None:
    loop = Scaled("movement", fused=True, clips=False, scales=scales)
    assert loop.go_on(2).pruning.pruner.update == 2


def spoilt(number: int, kind: str) -> Tensor:
    inputs = batch(number)
    wrong = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan, "large": 1e9}
    inputs[:, 2] = wrong[kind]
    return inputs


def trained(kind: str | None, at: int) -> Layers:
    """A loop that leaves out what overflows, after so many updates."""
    loop = Layers(ACTIVATION).start()
    for done in range(6):
        if done == at and kind is not None:
            loop.model(spoilt(90, kind))
        loop.go_on(done + 1)
    return loop


@pytest.mark.parametrize("kind", ["inf", "-inf", "nan"])
@pytest.mark.parametrize("at", [0, 2, 3, 5])
def test_a_batch_that_overflows_counts_nothing(kind: str, at: int) -> None:
    found, wanted = trained(kind, at).pruning.mask(), trained(None, at).pruning.mask()
    assert found.sha256 == wanted.sha256


def test_large_inputs_count() -> None:
    assert trained("large", 3).pruning.mask().sha256 != trained(None, 3).pruning.mask().sha256


def test_a_first_look_at_nothing_but_what_overflows_is_told() -> None:
    loop = Layers(ACTIVATION)
    with pytest.raises(UserError, match=r"no inputs of 0\.weight were seen"):
        loop.pruning.start(lambda: loop.model(spoilt(0, "nan")))


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_what_is_forgotten_is_as_if_it_had_never_been(at: int) -> None:
    """So that a training that was interrupted after it goes on to the same bits."""
    wanted = Layers(ACTIVATION).start().go_on(6)
    loop = Layers(ACTIVATION).start().go_on(at)
    loop.model(1e3 * batch(91))
    loop.pruning.forget()
    again = Layers(ACTIVATION).resume(loop.state()).go_on(6)
    loop.go_on(6)
    assert loop.pruning.mask().sha256 == again.pruning.mask().sha256 == wanted.pruning.mask().sha256


def test_a_measure_goes_on_where_the_model_is() -> None:
    """Whatever a checkpoint was read onto."""
    loop = Layers(ACTIVATION).start().go_on(2)
    state = copy.deepcopy(loop.pruning.pruner.measure.state_dict())
    assert state["whole"]
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 16))
    measure = Inputs({"0.weight": "0.weight", "2.weight": "2.weight"}, model)
    measure.load_state_dict(state)
    for tensors in measure.state_dict().values():
        assert {tensor.device.type for tensor in tensors.values()} == {"meta"}
    model(torch.ones(4, 16, device="meta"))
    measure.after_update()
