"""A pruned training of anybody's loop, by every score: exact, and resumable to the same bits."""

from typing import Any

import pytest
import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import kept_in
from parp_espnet.pruning.scores import SCORES
from parp_espnet.pruning.selection import kept_count
from parp_espnet.pruning.training import PrunedTraining
from tests.pruning.loops import PrunedLoop

POOL = {"prune_pattern": r"\d\.weight", "interval": 3}
PARP: dict[str, Any] = {"method": "parp", "sparsity": 0.5} | POOL
GROWING: dict[str, Any] = {
    "method": "parp-p",
    "sparsity": 0.5,
    "start_sparsity": 0.0,
    "updates": 12,
} | POOL
CONFS = {
    "magnitude": PARP,
    "activation": PARP | {"score": "activation"},
    "moment": GROWING | {"score": "moment"},
    "learned": PARP | {"method": "movement", "score_lr": 3.0},
}
TOTAL = 2 * 24 * 16


class Loop(PrunedLoop):
    """One of two layers."""

    def __init__(self, conf: dict[str, Any], optimizer: Any = torch.optim.AdamW) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 16))
        self.optimizer = optimizer(self.model.parameters(), lr=0.05)
        self.pruning = PrunedTraining(self.model, self.optimizer, conf)

    def look(self) -> None:
        self.model(batch(0))

    def start(self) -> "Loop":
        self.pruning.start(self.look if self.pruning.needs_batches else None)
        return self

    def loss(self, number: int) -> torch.Tensor:
        return self.model(batch(number)).pow(3).mean()


def batch(number: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(number)
    # Inputs of unequal size, so that their norms have something to say.
    return torch.randn(32, 16, generator=generator) * torch.arange(1, 17)


def test_there_is_a_training_here_for_every_score() -> None:
    assert set(CONFS) == set(SCORES)


@pytest.mark.parametrize("score", CONFS)
def test_it_is_exactly_sparse_by_the_largest_scores(score: str) -> None:
    loop = Loop(CONFS[score]).start().go_on(12)
    pruner = loop.pruning.pruner
    before = {name: tensor.detach().clone() for name, tensor in pruner.pool.items()}
    loop.pruning.prune()
    mask = loop.pruning.mask()
    kept = torch.cat([kept.flatten() for kept in mask.kept.values()])
    assert int(kept.sum()) == kept_count(TOTAL, 0.5)
    assert mask.ranking.score == mask.made.ranking == score
    scores = []
    for name, tensor in before.items():
        measured = pruner.measure.of(name)
        scores.append(SCORES[score].function(tensor, measured).expand_as(tensor).flatten())
    together = torch.cat(scores)
    assert together[kept].min() >= together[~kept].max()


@pytest.mark.parametrize("score", CONFS)
def test_a_resumed_loop_comes_to_the_same_bits(score: str) -> None:
    whole = Loop(CONFS[score]).start().go_on(12)
    state = Loop(CONFS[score]).start().go_on(7).state()
    resumed = Loop(CONFS[score]).resume(state).go_on(12)
    for loop in (whole, resumed):
        loop.pruning.prune()
    for ours, theirs in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert whole.pruning.mask().sha256 == resumed.pruning.mask().sha256
    assert whole.pruning.first_mask.sha256 == resumed.pruning.first_mask.sha256


@pytest.mark.parametrize("method", ["parp", "parp-ste", "rigl", "movement"])
def test_a_closure_that_makes_the_gradients_is_the_same(method: str) -> None:
    """Lightning's loop hands the optimizer one: what needs gradients needs those of this update."""
    conf = PARP | {"method": method} | ({"updates": 12} if method == "rigl" else {})
    plain = Loop(conf).start().go_on(7)
    other = Loop(conf).start()

    def closure() -> torch.Tensor:
        other.optimizer.zero_grad()
        loss = other.model(batch(other.updates)).pow(3).mean()
        loss.backward()
        return loss

    while other.updates < 7:
        other.updates += 1
        if other.updates % 2:
            other.optimizer.step(closure)
        else:
            other.optimizer.step(closure=closure)
    expected = plain.model.state_dict()
    for name, tensor in other.model.state_dict().items():
        assert torch.equal(tensor, expected[name]), name


def test_scores_are_no_magnitudes() -> None:
    """Each of them keeps other weights than the magnitudes would."""
    for score in ("activation", "moment"):
        loop = Loop(CONFS[score]).start().go_on(12)
        loop.pruning.prune()
        other = Loop(CONFS[score] | {"score": "magnitude"}).start().go_on(12)
        other.pruning.prune()
        assert loop.pruning.mask().sha256 != other.pruning.mask().sha256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "parp", "score": "moment"}, "of which there are none before the first update"),
        ({"method": "transfer", "score": "activation", "initial_mask": "x"}, "nothing is ranked"),
        ({**GROWING, "score": "moment", "freeze_updates": 3}, "expected freeze_updates 0, found 3"),
        ({"method": "parp", "score": "loss"}, "score: expected one of magnitude, activation"),
    ],
)
def test_what_a_method_cannot_give_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Loop({"sparsity": 0.5} | change)


def test_an_optimizer_without_second_moments_is_refused() -> None:
    with pytest.raises(UserError, match=r"expected Adam or one of its kin, .* found SGD"):
        Loop(CONFS["moment"], torch.optim.SGD)


def test_inputs_have_to_be_seen_before_they_are_ranked_by() -> None:
    with pytest.raises(UserError, match=r"no inputs of 0\.weight were seen"):
        Loop(CONFS["activation"]).pruning.start()


def test_a_checkpoint_of_other_settings_is_refused() -> None:
    state = Loop(PARP).start().go_on(3).state()
    with pytest.raises(UserError, match=r"the checkpoint: .*sparsity 0.5 then, 0.4 now"):
        Loop(PARP | {"sparsity": 0.4}).resume(state)


@pytest.mark.parametrize("part", ["scores", "weights", "kept", "pruner"])
def test_a_checkpoint_that_does_not_fit_is_refused(part: str) -> None:
    """Of another model, or damaged: in one line."""
    state = Loop(CONFS["learned"]).start().go_on(3).state()
    pruner = state["pruning"]["pruner"]
    if part == "kept":
        pruner["kept"] = {name: bits[:-1] for name, bits in pruner["kept"].items()}
    elif part == "pruner":
        del pruner["update"]
    else:
        pruner["moved"][part] = {name: one[:2] for name, one in pruner["moved"][part].items()}
    with pytest.raises(UserError, match="the checkpoint: what it holds of pruning does not fit"):
        Loop(CONFS["learned"]).resume(state)


@pytest.mark.parametrize("score", CONFS)
def test_other_weights_of_the_model_get_a_mask(score: str) -> None:
    loop = Loop(CONFS[score]).start().go_on(12)
    pruner = loop.pruning.pruner
    loop.pruning.prune()
    own = loop.pruning.kept_of(pruner.pool)
    assert all(torch.equal(own[name], kept) for name, kept in pruner.kept.items())
    average = {name: tensor.detach() + 0.001 for name, tensor in pruner.pool.items()}
    assert kept_in(loop.pruning.kept_of(average)) == kept_count(TOTAL, 0.5)


def test_batches_are_looked_at_in_training_alone() -> None:
    loop = Loop(CONFS["activation"])
    loop.model.eval()
    loop.start()
    assert not loop.model.training
    means = []
    for trains in (False, False, True):
        loop.model.train(trains)
        loop.go_on(loop.updates + 1)
        loop.pruning.prune()
        means.append(loop.pruning.pruner.measure.of("0.weight").clone())
    assert torch.equal(means[0], means[1])
    assert not torch.equal(means[1], means[2])


def test_weights_of_other_layers_have_no_inputs() -> None:
    model = nn.Sequential(nn.Conv1d(4, 4, 3))
    adam = torch.optim.Adam(model.parameters())
    with pytest.raises(UserError, match=r"expected weights of linear layers, found 0.weight of Co"):
        PrunedTraining(model, adam, CONFS["activation"])


def test_a_weight_without_a_gradient_has_no_second_moment() -> None:
    loop = Loop(CONFS["moment"]).start()
    loop.model[2].weight.requires_grad_(False)
    with pytest.raises(UserError, match=r"2.weight has had no gradient so far"):
        loop.go_on(3)


def test_a_state_of_before_rankings_is_read() -> None:
    conf = PARP | {"scope": "tensor"}
    loop = Loop(conf).start().go_on(4)
    state = loop.state()
    del state["pruning"]["pruner"]["measured"]
    told = {"origin", "sparsity_target", "scope", "step", "parent", "made"}
    assert set(state["pruning"]["first_mask"]) == told
    again = Loop(conf).resume(state)
    assert again.pruning.first_mask.scope == "tensor"
    assert again.pruning.first_mask.sha256 == loop.pruning.first_mask.sha256
