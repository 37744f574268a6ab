"""The pruner under a real optimizer."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pruner import PruneEvent, Pruner, nonzero_count
from parp_espnet.pruning.schedule import Constant
from parp_espnet.pruning.selection import kept_count, select


class Run:
    """A linear model that learns noise; everything follows from the seed and the update."""

    def __init__(self, adjusts: bool, sparsity: float = 0.5, interval: int = 3) -> None:
        torch.manual_seed(0)
        self.model = nn.Linear(40, 30)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01, weight_decay=0.1)
        self.events: list[PruneEvent] = []
        self.pruner = Pruner(
            dict(self.model.named_parameters()),
            adjusts=adjusts,
            schedule=Constant(sparsity, interval),
            record=self.events.append,
        )
        self.sparsity = sparsity

    def start(self) -> "Run":
        self.pruner.start(
            Mask(select(self.pruner.pool, self.sparsity), origin="", sparsity_target=self.sparsity)
        )
        return self

    def step(self) -> None:
        generator = torch.Generator().manual_seed(self.pruner.update)
        self.optimizer.zero_grad()
        self.model(torch.randn(16, 40, generator=generator)).pow(3).mean().backward()
        self.optimizer.step()
        self.pruner.after_update()

    @property
    def alive(self) -> int:
        return nonzero_count(self.pruner.pool)

    def bits(self) -> list[Any]:
        return [parameter.detach().clone() for parameter in self.model.parameters()]


TOTAL = 40 * 30 + 30


def test_a_fixed_mask_never_revives_a_weight():
    run = Run(adjusts=False).start()
    pruned = {name: ~kept for name, kept in run.pruner.kept.items()}
    for _ in range(20):
        run.step()
        assert all(not run.pruner.pool[name][where].any() for name, where in pruned.items())
        assert run.alive == kept_count(TOTAL, 0.5)
    assert len(run.events) == 1


def test_adjusting_revives_between_prunes_and_is_exact_at_them():
    run = Run(adjusts=True, interval=3).start()
    for update in range(1, 13):
        run.step()
        exact = run.alive == kept_count(TOTAL, 0.5)
        assert exact == (update % 3 == 0), "Adam revives every zero after one update"
    assert [event.step for event in run.events] == [0, 3, 6, 9, 12]
    assert sum(event.flips or 0 for event in run.events) > 0, "the mask moves"
    for event in run.events:
        assert sum(event.moved.values()) == (event.flips or 0)
        assert all(event.moved.values())


def test_what_a_prune_records():
    run = Run(adjusts=True, interval=2).start()
    first = {name: kept.clone() for name, kept in run.pruner.first.items()}
    for _ in range(4):
        run.step()
    start, _, last = run.events
    assert (start.step, start.flips, start.iou_previous, start.iou_first) == (0, None, None, 1.0)
    kept = run.pruner.kept
    assert last.sparsity == 1 - sum(int(tensor.sum()) for tensor in kept.values()) / TOTAL == 0.5
    assert last.tensors == {
        name: 1 - int(tensor.sum()) / tensor.numel() for name, tensor in kept.items()
    }
    both = sum(int((first[name] & kept[name]).sum()) for name in kept)
    either = sum(int((first[name] | kept[name]).sum()) for name in kept)
    assert last.iou_first == pytest.approx(both / either)


def test_pruning_twice_at_one_update_is_pruning_once():
    run = Run(adjusts=True, interval=2).start()
    run.step()
    run.pruner.prune()
    run.pruner.prune()
    assert [event.step for event in run.events] == [0, 1]
    assert run.alive == kept_count(TOTAL, 0.5)


def test_the_optimizer_state_is_not_touched():
    run = Run(adjusts=True, interval=1000).start()
    run.step()
    before = copy.deepcopy(run.optimizer.state_dict())
    run.pruner.prune()
    after = run.optimizer.state_dict()
    assert before["param_groups"] == after["param_groups"]
    for index, state in before["state"].items():
        assert all(torch.equal(value, after["state"][index][key]) for key, value in state.items())


def test_dense_prunes_nothing():
    dense, plain = Run(adjusts=False, sparsity=0.0).start(), Run(adjusts=False, sparsity=0.0)
    plain.pruner.after_update = lambda: setattr(plain.pruner, "update", plain.pruner.update + 1)  # type: ignore[method-assign]
    for _ in range(5):
        dense.step()
        plain.step()
    assert all(torch.equal(a, b) for a, b in zip(dense.bits(), plain.bits(), strict=True))


@pytest.mark.parametrize("adjusts", [True, False])
def test_a_resumed_run_has_the_bits_of_an_uninterrupted_one(adjusts: bool, tmp_path):
    whole = Run(adjusts).start()
    for _ in range(11):
        whole.step()

    part = Run(adjusts).start()
    for _ in range(7):
        part.step()
    states = {
        "model": part.model.state_dict(),
        "optim": part.optimizer.state_dict(),
        "pruner": part.pruner.state_dict(),
    }
    torch.save(states, tmp_path / "checkpoint.pth")

    resumed = Run(adjusts)
    loaded = torch.load(tmp_path / "checkpoint.pth", weights_only=True)
    resumed.model.load_state_dict(loaded["model"])
    resumed.optimizer.load_state_dict(loaded["optim"])
    resumed.pruner.load_state_dict(loaded["pruner"])
    for _ in range(4):
        resumed.step()
    assert all(torch.equal(a, b) for a, b in zip(whole.bits(), resumed.bits(), strict=True))
    assert all(
        torch.equal(resumed.pruner.kept[name], kept) for name, kept in whole.pruner.kept.items()
    )
    tail = [
        (event.step, event.flips, event.iou_previous, event.iou_first) for event in whole.events
    ][-1:]
    if adjusts:
        assert [
            (event.step, event.flips, event.iou_previous, event.iou_first)
            for event in resumed.events
        ] == tail
