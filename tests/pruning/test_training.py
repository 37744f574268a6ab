"""A pruned training of any loop, by every score: exact, and resumed to the same bits."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.pruner import PruneEvent, nonzero_count
from parp_espnet.pruning.selection import kept_count
from parp_espnet.pruning.training import PrunedTraining

POOL = {"prune_pattern": r"\d\.weight"}
TOTAL = 24 * 16 + 8 * 24
BY_SCORE: dict[str, dict[str, Any]] = {
    "magnitude": {"method": "parp", "sparsity": 0.5, "interval": 3},
    "activation": {"method": "parp", "sparsity": 0.5, "interval": 3, "score": "activation"},
    "moment": {
        "method": "parp-p", "sparsity": 0.5, "interval": 3, "score": "moment",
        "start_sparsity": 0.0, "updates": 12,
    },
}  # fmt: skip


class Loop:
    """Somebody's loop; everything follows from the settings and the update."""

    def __init__(self, **settings: Any) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 8))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.events: list[PruneEvent] = []
        conf = POOL | settings
        self.pruning = PrunedTraining(self.model, self.optimizer, conf, record=self.events.append)
        self.update = 0

    def batch(self, number: int) -> Tensor:
        generator = torch.Generator().manual_seed(number)
        # Some inputs are far larger than others.
        return torch.randn(32, 16, generator=generator) * torch.logspace(-2, 1, 16)

    def look(self) -> None:
        for number in range(3):
            self.model(self.batch(number))

    def start(self) -> "Loop":
        self.pruning.start(self.look if self.pruning.needs_batches else None)
        return self

    def go(self, updates: int) -> "Loop":
        for _ in range(updates):
            self.optimizer.zero_grad()
            self.model(self.batch(self.update)).square().mean().backward()
            self.optimizer.step()
            self.update += 1
        return self


def test_activation_ranks_as_it_says() -> None:
    loop = Loop(**BY_SCORE["activation"])
    weights = loop.model[0].weight.detach().clone()
    second = loop.model[2].weight.detach().clone()
    seen = torch.cat([loop.batch(number) for number in range(3)])
    hidden = loop.model[:2](seen).detach()
    mask = loop.pruning.start(loop.look)
    first_scores = weights.abs() * seen.square().mean(0).sqrt()
    second_scores = second.abs() * hidden.square().mean(0).sqrt()
    scores = torch.cat([first_scores.flatten(), second_scores.flatten()])
    kept = torch.cat([kept.flatten() for kept in mask.kept.values()])
    assert scores[kept].min() >= scores[~kept].max() * (1 - 1e-5)
    magnitudes = torch.cat([weights.flatten(), second.flatten()]).abs()
    assert magnitudes[kept].min() < magnitudes[~kept].max()
    assert mask.made.ranking == "activation"
    assert mask.origin == "activation scores of the pre-trained weights"


def test_moment_ranks_as_it_says() -> None:
    loop = Loop(**BY_SCORE["moment"]).start().go(2)
    scores = []
    for weight in loop.pruning.pruner.pool.values():
        moments = loop.optimizer.state[weight]["exp_avg_sq"] / (1 - 0.999**2)
        scores.append((weight.detach().abs() * moments.sqrt()).flatten())
    loop.pruning.prune()
    kept = torch.cat([kept.flatten() for kept in loop.pruning.pruner.kept.values()])
    together = torch.cat(scores)
    assert together[kept].min() >= together[~kept].max()
    assert loop.events[-1].sparsity == 1 - kept_count(TOTAL, 0.5 * 2 / 12) / TOTAL


@pytest.mark.parametrize("score", BY_SCORE)
def test_it_is_exact_and_resumed_to_the_same_bits(score: str, tmp_path: Path) -> None:
    whole = Loop(**BY_SCORE[score]).start().go(12)
    whole.pruning.prune()
    assert nonzero_count(whole.pruning.pruner.pool) == kept_count(TOTAL, 0.5)
    assert [event.step for event in whole.events] == [0, 3, 6, 9, 12]

    part = Loop(**BY_SCORE[score]).start().go(7)
    states = {"model": part.model.state_dict(), "optimizer": part.optimizer.state_dict()}
    states["pruning"] = part.pruning.state_dict()
    torch.save(states, tmp_path / "checkpoint.pth")

    states = torch.load(tmp_path / "checkpoint.pth", weights_only=True)
    resumed = Loop(**BY_SCORE[score])
    resumed.model.load_state_dict(states["model"])
    resumed.optimizer.load_state_dict(states["optimizer"])
    resumed.pruning.load_state_dict(states["pruning"])
    resumed.update = 7
    resumed.go(5)
    resumed.pruning.prune()
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name
    mask, again = whole.pruning.mask(), resumed.pruning.mask()
    assert mask.sha256 == again.sha256
    assert (mask.origin, mask.made, mask.parent) == (again.origin, again.made, again.parent)
    assert mask.made.ranking == score
    again.save(tmp_path / "mask.safetensors")
    assert Mask.load(tmp_path / "mask.safetensors").ranking == mask.ranking


@pytest.mark.parametrize("score", BY_SCORE)
def test_other_weights_of_the_model_get_a_mask(score: str) -> None:
    loop = Loop(**BY_SCORE[score]).start().go(12)
    own = loop.pruning.kept_of(loop.pruning.pruner.pool)
    assert all(torch.equal(own[name], kept) for name, kept in loop.pruning.pruner.kept.items())
    average = {name: tensor.detach() + 0.001 for name, tensor in loop.pruning.pruner.pool.items()}
    assert kept_in(loop.pruning.kept_of(average)) == kept_count(TOTAL, 0.5)


def test_batches_are_looked_at_in_training_alone() -> None:
    loop = Loop(**BY_SCORE["activation"])
    loop.model.eval()
    loop.pruning.start(loop.look)
    assert not loop.model.training
    before = loop.pruning.state_dict()["pruner"]["measured"]["means"]
    loop.go(1)
    loop.pruning.prune()
    after = loop.pruning.state_dict()["pruner"]["measured"]["means"]
    assert all(torch.equal(before[name], after[name]) for name in before)
    loop.model.train()
    loop.go(1)
    loop.pruning.prune()
    after = loop.pruning.state_dict()["pruner"]["measured"]["means"]
    assert not any(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "parp", "score": "moment"}, "score moment: needs .* none before the first"),
        ({"method": "parp", "score": "wander"}, "score: expected one of magnitude, activation"),
        (
            {"method": "transfer", "score": "activation", "initial_mask": "m"},
            "nothing is ranked in training",
        ),
        ({"method": "parp", "pattern": "2:4", "scope": "layer"}, "expected scope global"),
        (
            BY_SCORE["moment"] | {"freeze_updates": 4},
            "score moment: expected freeze_updates 0, found 4",
        ),
    ],
)
def test_what_a_method_cannot_give_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        Loop(**{"sparsity": 0.5} | settings)
    assert "\n" not in str(caught.value)


def test_what_a_model_cannot_give_is_refused() -> None:
    with pytest.raises(UserError, match=r"no inputs of 0.weight were seen: no batch ran"):
        Loop(**BY_SCORE["activation"]).pruning.start()
    convolution = nn.Sequential(nn.Conv1d(4, 4, 3))
    adam = torch.optim.Adam(convolution.parameters())
    with pytest.raises(UserError, match=r"expected weights of linear layers, found 0.weight of Co"):
        PrunedTraining(convolution, adam, POOL | BY_SCORE["activation"])
    linear = nn.Sequential(nn.Linear(4, 4))
    plain = torch.optim.SGD(linear.parameters(), lr=0.1)
    with pytest.raises(UserError, match=r"expected Adam or one of its kin, .* found SGD"):
        PrunedTraining(linear, plain, POOL | BY_SCORE["moment"])
    loop = Loop(**BY_SCORE["moment"]).start()
    loop.model[2].weight.requires_grad_(False)
    with pytest.raises(UserError, match=r"2.weight has had no gradient so far"):
        loop.go(3)


def test_a_checkpoint_of_another_training_is_refused() -> None:
    state = Loop(**BY_SCORE["magnitude"]).start().pruning.state_dict()
    other = Loop(**BY_SCORE["activation"])
    with pytest.raises(UserError, match=r"other settings .score None then, activation now"):
        other.pruning.load_state_dict(state)


def test_a_state_of_before_rankings_is_read() -> None:
    loop = Loop(**BY_SCORE["magnitude"], scope="tensor").start().go(4)
    state = loop.pruning.state_dict()
    del state["pruner"]["measured"]
    told = {"origin", "sparsity_target", "scope", "step", "parent", "made"}
    assert set(state["first_mask"]) == told
    again = Loop(**BY_SCORE["magnitude"], scope="tensor")
    again.pruning.load_state_dict(state)
    assert again.pruning.first_mask.scope == "tensor"
    assert again.pruning.first_mask.sha256 == loop.pruning.first_mask.sha256
