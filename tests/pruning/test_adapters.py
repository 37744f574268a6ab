"""Adapters: as LoRA is written down, resumed to the same bits, on weights that stay."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear

from parp_espnet.errors import UserError
from parp_espnet.pruning.adapters import adapter_bytes, usual_rank
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.pruning.training import PrunedTraining
from tests.pruning.loops import UPDATES, Loop

POOL = {"prune_pattern": r"body\.[02]\.(weight|bias)", "sparsity": 0.0}
RANK = 3


def adapting(**more: Any) -> Loop:
    return Loop("lora", **POOL | {"adapter_rank": RANK} | more)


class Written(nn.Module):
    """`Loop`'s model with x·Wᵀ + (x·Aᵀ)·Bᵀ written out, of another's weights and drawn A."""

    def __init__(self, model: nn.ModuleDict, factors: dict[str, Tensor]) -> None:
        super().__init__()
        self.stays = {name: tensor.clone() for name, tensor in model["body"].state_dict().items()}
        self.norm, self.head = copy.deepcopy(model["body"][1]), copy.deepcopy(model["head"])
        for parameter in (*self.norm.parameters(), *self.head.parameters()):
            parameter.requires_grad_(True)
        for place in "02":
            rows, columns = self.stays[f"{place}.weight"].shape
            first, second = factors[f"body.{place}.weight"].split([RANK * columns, RANK * rows])
            setattr(self, f"a{place}", nn.Parameter(first.view(RANK, columns).clone()))
            setattr(self, f"b{place}", nn.Parameter(second.view(rows, RANK).clone()))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = layer_norm(self._adapted("0", inputs), (24,), self.norm.weight, self.norm.bias)
        adapted: Tensor = self.head(self._adapted("2", hidden))
        return adapted

    def _adapted(self, place: str, inputs: Tensor) -> Tensor:
        plain = linear(inputs, self.stays[f"{place}.weight"], self.stays[f"{place}.bias"])
        first, second = getattr(self, f"a{place}"), getattr(self, f"b{place}")
        return plain + linear(linear(inputs, first), second)


def test_it_is_lora_as_it_is_written_down() -> None:
    """The same optimizer with A and B as parameters of a model comes to the same weights."""
    loop = adapting().start()
    written = Written(loop.model, loop.pruning.pruner.mover.state_dict()["factors"])
    optimizer = torch.optim.AdamW(written.parameters(), lr=0.05)
    loop.go_on(UPDATES)
    for update in range(1, UPDATES + 1):
        optimizer.zero_grad()
        inputs = torch.randn(32, 16, generator=torch.Generator().manual_seed(update))
        written(inputs).pow(3).mean().backward()
        optimizer.step()
    for place in "02":
        product = getattr(written, f"b{place}") @ getattr(written, f"a{place}")
        assert product.abs().max() > 0.1
        found = loop.model["body"][int(place)].weight
        assert torch.allclose(found, written.stays[f"{place}.weight"] + product, atol=1e-3)
    assert torch.allclose(loop.model["head"].weight, written.head.weight, atol=1e-3)


def test_weights_stay_and_what_is_added_has_the_rank() -> None:
    loop = adapting()
    before = {name: tensor.clone() for name, tensor in loop.model.state_dict().items()}
    loop.start()
    after = loop.model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before), "B begins as 0"
    loop.go_on(UPDATES)
    changed = set()
    for name, tensor in loop.model.state_dict().items():
        if not torch.equal(tensor, before[name]):
            changed.add(name)
    norms = {"body.1.weight", "body.1.bias"}
    assert changed == {"body.0.weight", "body.2.weight", "head.weight", "head.bias", *norms}
    beside = loop.pruning.pruner.mover.state_dict()["weights"]
    for name in ("body.0.weight", "body.2.weight"):
        assert torch.equal(beside[name], before[name])
        added = torch.linalg.svdvals(loop.model.state_dict()[name] - before[name])
        assert int((added > 1e-5).sum()) == RANK
    assert nonzero_count(loop.pruning.pruner.pool) == loop.pruning.mask().total


@pytest.mark.parametrize("at", [5, 6])
def test_a_resumed_loop_comes_to_the_same_bits(at: int) -> None:
    whole, first, resumed = adapting().start(), adapting().start(), adapting()
    resumed.resume(first.go_on(at).state())
    for loop in (whole, resumed):
        loop.go_on(UPDATES)
        loop.pruning.prune()
    for ours, theirs in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert list(whole.model.state_dict()) == list(Loop("mpi").model.state_dict())


def test_adapters_are_drawn_by_the_seed_alone() -> None:
    drawn = []
    for seed, others in ((0, 0), (0, 7), (1, 0)):
        loop = adapting()
        torch.manual_seed(seed)
        torch.randn(others)
        loop.start()
        drawn.append(loop.pruning.pruner.mover.state_dict()["factors"]["body.0.weight"])
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_the_usual_rank_has_the_bytes_of_a_mask() -> None:
    shapes = [*[(256, 256)] * 4, (1024, 256), (256, 1024), *[(256,)] * 5, (1024,)] * 6
    assert usual_rank(shapes) == 5  # the small upstreams: 4,732,416 weights
    assert adapter_bytes(shapes, 5) == 4 * 5 * 6 * (4 * 512 + 2 * 1280)
    base = [*[(768, 768)] * 4, (3072, 768), (768, 3072), *[(768,)] * 5, (3072,)] * 12
    assert usual_rank(base) == 16
    assert usual_rank([(2, 2)]) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"adapter_rank": 0}, "adapter_rank: expected a whole number, at least 1, found 0"),
        ({"adapter_rank": 2.5}, "adapter_rank: expected a whole number, at least 1, found 2.5"),
        ({"adapter_rank": True}, "adapter_rank: expected a whole number, at least 1, found true"),
        ({"adapter_rank": 10}, r"at most 9, found 10: beyond, the adapter of body.0.weight has"),
        ({"sparsity": 0.5}, "method lora prunes nothing: expected sparsity 0"),
        ({"freeze_updates": 5}, "nothing but the head, norms and adapters trains anyhow"),
        ({"score_lr": 3.0}, "score_lr: expected none, since method lora has none"),
        ({"method": "router", "sparsity": 0.5}, "since method router has no adapters, found 3"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(change: dict[str, Any], message: str) -> None:
    loop = adapting()
    conf = {"method": "lora", "adapter_rank": RANK, **POOL} | change
    with pytest.raises(UserError, match=message) as refused:
        PrunedTraining(loop.model, loop.optimizer, conf)
    assert "\n" not in str(refused.value)


def test_a_state_of_another_rank_is_refused() -> None:
    state = adapting().start().go_on(3).state()
    loop = adapting(adapter_rank=2)
    with pytest.raises(UserError, match="adapter_rank 3 then, 2 now"):
        loop.resume(state)
    state["pruning"]["settings"]["adapter_rank"] = 2
    with pytest.raises(UserError, match=r"expected 80 numbers of an adapter of rank 2, found"):
        loop.resume(state)


def test_what_an_older_configuration_says_stays_as_it_was() -> None:
    assert "adapter_rank" not in PruneSettings.parse({"method": "dense"}).as_dict()


@pytest.mark.parametrize("count", [2, 3, 5, 7, 10])
def test_of_an_average_biases_stay_too(count: int) -> None:
    """Rounded, the mean of equal numbers is another one."""
    loop = adapting().start()
    before = copy.deepcopy(loop.model.state_dict())
    sums = {name: torch.zeros_like(tensor) for name, tensor in before.items()}
    for update in range(1, count + 1):
        loop.go_on(update)
        for name, tensor in loop.model.state_dict().items():
            sums[name] += tensor
    average = {name: tensor / count for name, tensor in sums.items()}
    kept = loop.pruning.prune_average(average)
    assert all(mask.all() for mask in kept.values())
    for place in "02":
        name = f"body.{place}.bias"
        assert torch.equal(average[name], before[name])
        assert not torch.equal(average[f"body.{place}.weight"], before[f"body.{place}.weight"])
