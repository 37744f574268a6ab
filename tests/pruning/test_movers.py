"""Masks that move: every rule beside numbers that were worked out by hand, and every method exact,
resumable and without anything that it should not touch.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.pruning import windowed
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.ordering import ordered, ranks_of
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.selection import kept_count
from parp_espnet.pruning.training import PrunedTraining
from tests.pruning.loops import UPDATES, Loop

POOL = {"prune_pattern": r"\d\.weight", "interval": 3}
TOTAL = 2 * 24 * 16
MOVING = [name for name, row in METHODS.items() if row.adjusts]


class Row(nn.Module):
    """Four weights; gradients are put there by hand."""

    def __init__(self, *weights: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(weights))


def training(method: str, weights: tuple[float, ...], lr: float, **more: Any) -> "Hand":
    return Hand(method, weights, lr, more)


class Hand:
    """A training of one tensor that prunes half of it at every update, with plain SGD."""

    def __init__(
        self, method: str, weights: tuple[float, ...], lr: float, more: dict[str, Any]
    ) -> None:
        self.model = Row(*weights)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)
        conf = {"method": method, "sparsity": 0.5, "interval": 1, "prune_pattern": "w"}
        self.pruning = PrunedTraining(self.model, self.optimizer, conf | more)
        self.pruning.start()

    def step(self, *gradient: float) -> list[float]:
        """Return the model's weights after an update with this gradient."""
        self.model.w.grad = torch.tensor(gradient, dtype=torch.float32)
        self.optimizer.step()
        return self.weights

    @property
    def weights(self) -> list[float]:
        return [round(number, 5) for number in self.model.w.tolist()]

    def beside(self, kind: str) -> list[float]:
        state = self.pruning.state_dict()["pruner"]["moved"]
        return [round(number, 5) for number in state[kind]["w"].tolist()]


def test_straight_through_by_hand() -> None:
    """W ← W − .5 g; of 1, −.4, .3, .2 the last two are pruned, and are not forgotten."""
    hand = training("parp-ste", (1.0, -0.4, 0.3, 0.2), lr=0.5)
    assert hand.weights == [1.0, -0.4, 0, 0]
    # .3 − .5 · (−.4) = .5, and −.4 − .5 · (−.2) = −.3: the second goes, the third comes with .5.
    assert hand.step(0, -0.2, -0.4, 0) == [1.0, 0, 0.5, 0]
    assert hand.beside("weights") == [1.0, -0.3, 0.5, 0.2]
    # PARP has forgotten the .3: 0 − .5 · (−.4) = .2 is less than .3.
    other = training("parp", (1.0, -0.4, 0.3, 0.2), lr=0.5)
    assert other.step(0, -0.2, -0.4, 0) == [1.0, -0.3, 0, 0]


def test_movement_by_hand() -> None:
    """S begins as 3/4, 2/4, 1/4, 0; η = .5 · 2 = 1; S ← S − g W."""
    hand = training("movement", (1.0, -0.4, 0.3, 0.2), lr=0.5, score_lr=2.0)
    assert hand.beside("scores") == [0.75, 0.5, 0.25, 0.0]
    # g W = .1, .2, −.3, .1. The second has .3 now and the third .55. Only what was kept has
    # trained: 1 − .5 · .1, −.4 − .5 · (−.5); the third comes back with its .3.
    assert hand.step(0.1, -0.5, -1.0, 0.5) == [0.95, 0, 0.3, 0]
    assert hand.beside("scores") == [0.65, 0.3, 0.55, -0.1]
    assert hand.beside("weights") == [0.95, -0.15, 0.3, 0.2]


def test_movement_keeps_the_largest_scores_and_not_the_farthest_from_0() -> None:
    hand = training("movement", (1.0, -0.4, 0.3, 0.2), lr=1.0, score_lr=1.0)
    # S = .75 − 2, .5, .25, 0 − (−.2): the first is −1.25.
    assert hand.step(2.0, 0, 0, -1.0) == [0, -0.4, 0.3, 0]


def test_a_growing_movement_by_hand() -> None:
    """From none to half in two updates: a quarter after the first."""
    hand = training(
        "movement-p", (1.0, -0.4, 0.3, 0.2), lr=0.5, score_lr=2.0, start_sparsity=0.0, updates=2
    )
    assert hand.weights == [1.0, -0.4, 0.3, 0.2]
    # g W = 0, .8, 0, 0: the second has 2/4 − .8 = −.3, less than the last's 0.
    assert hand.step(0, -2.0, 0, 0) == [1.0, 0, 0.3, 0.2]
    assert hand.step(0, 0, 0, 0) == [1.0, 0, 0.3, 0]


def test_rigl_by_hand() -> None:
    """α = 1 · (1 + cos π/2) / 2 = 1/2 at update 1 of 2: of two weights the smaller one goes."""
    hand = training("rigl", (1.0, -0.4, 0.3, 0.2), lr=0.5, alpha=1.0, updates=2)
    # The last weight has the largest gradient of those that are not kept: it comes, begins at 0,
    # and trains at once: −.5 · .6.
    assert hand.step(0.1, 0.5, -0.2, 0.6) == [0.95, 0, 0, -0.3]
    # At the last update α is 0.
    assert hand.step(0, 9.0, 0, 0) == [0.95, 0, 0, -0.3]


def test_rigl_may_take_back_what_has_just_gone_as_it_was() -> None:
    hand = training("rigl", (1.0, -0.4, 0.3, 0.2), lr=0.5, alpha=1.0, updates=2)
    assert hand.step(0, 0.6, 0.1, 0.2) == [1.0, -0.7, 0, 0]


def test_a_router_by_hand() -> None:
    """S begins as 3/4, 2/4, 1/4, 0, in units of score_lr 2 half as much; S ← S − .5 g W₀."""
    hand = training("router", (1.0, -0.4, 0.3, 0.2), lr=0.5, score_lr=2.0)
    assert hand.beside("scores") == [0.375, 0.25, 0.125, 0.0]
    # The third: .125 − .5 · (−1 · .3) = .275; the first: .375 − .5 · 1.3 · 1 = −.275, which is as
    # far from 0 as the third's. The second stays at .25 and goes; no weight has moved.
    assert hand.step(1.3, 0, -1.0, 0) == [1.0, 0, 0.3, 0]
    assert hand.beside("scores") == [-0.275, 0.25, 0.275, 0.0]
    assert hand.beside("weights") == [1.0, -0.4, 0.3, 0.2]


def test_ranks_are_those_of_a_sort() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {name: torch.randn(40, 25, generator=generator) for name in "ab"}
    both = torch.cat([tensor.flatten().abs() for tensor in weights.values()])
    kept = {name: tensor.abs() > 1 for name, tensor in weights.items()}
    exact = both.argsort().argsort() / both.numel()
    found = ranks_of(weights, kept)
    together = torch.cat([found[name].flatten() for name in "ab"])
    # Several share a bucket here and there, and are spread evenly in it.
    assert (together - exact).abs().max() <= 4 / both.numel()
    assert (together[both.argsort()].diff() >= 0).all()


def test_what_a_mask_keeps_has_the_higher_ranks() -> None:
    weights = {"a": torch.tensor([4.0, 3.0, 2.0, 1.0])}
    kept = {"a": torch.tensor([False, True, False, True])}
    assert ranks_of(weights, kept)["a"].tolist() == [0.25, 0.75, 0.0, 0.5]


def test_numbers_are_in_the_order_of_scores() -> None:
    scores = torch.tensor([-3e38, -1.0, -1e-40, -0.0, 0.0, 1e-40, 1.0, 1.5, 3e38, float("inf")])
    numbers = ordered(scores)
    assert (numbers.diff() >= 0).all()
    assert (numbers[[0, 1, 3, 6, 7, 8]].diff() > 0).all()
    assert numbers[0] >= 0
    assert torch.isfinite(numbers[:-1]).all()
    for bad in (float("nan"), -float("nan"), -float("inf")):
        assert ordered(torch.tensor([bad])).isnan().all()


@pytest.fixture(params=MOVING)
def moving(request: pytest.FixtureRequest, tmp_path: Any) -> Callable[..., Loop]:
    """A loop of each method whose mask moves; where its first mask is a file, that is of MPI."""
    method: str = request.param

    def make(**more: Any) -> Loop:
        if not METHODS[method].first_mask.in_training:
            path = tmp_path / "mask.safetensors"
            Loop("mpi").start().pruning.first_mask.save(path)
            more["initial_mask"] = path
        loop = Loop(method, **more)
        return loop

    return make


def test_it_is_exactly_sparse_whenever_weights_are_ranked(moving: Callable[..., Loop]) -> None:
    loop = moving()
    loop.pruning.start()
    pruner = loop.pruning.pruner
    beside = bool(pruner.mover.state_dict()) or pruner.mover.ahead

    def look() -> None:
        wanted = kept_count(TOTAL, pruner.schedule.sparsity_at(pruner.update))
        ranked = pruner.update % 3 == 0
        if ranked:
            assert kept_in(pruner.kept) == wanted
        if ranked or beside:  # PARP's train in between
            assert nonzero_count(pruner.pool) == kept_in(pruner.kept)

    loop.go_on(UPDATES, look)
    loop.pruning.prune()
    assert nonzero_count(pruner.pool) == kept_count(TOTAL, 0.5)
    mask = loop.pruning.mask()
    assert mask.sparsity == 0.5
    assert mask.made.ranking == loop.pruning.ranking.score
    assert mask.sha256 != loop.pruning.first_mask.sha256, "the mask moves"


@pytest.mark.parametrize("at", [6, 7])
def test_a_resumed_loop_comes_to_the_same_bits(moving: Callable[..., Loop], at: int) -> None:
    whole, first, resumed = moving(), moving(), moving()
    whole.pruning.start()
    first.pruning.start()
    state = first.go_on(at).state()
    resumed.resume(state)
    for loop in (whole, resumed):
        loop.go_on(UPDATES)
        loop.pruning.prune()
    for ours, theirs in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    before = whole.pruning.pruner.mover.state_dict()
    for kind, tensors in resumed.pruning.pruner.mover.state_dict().items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, before[kind][name])
    assert whole.pruning.mask().sha256 == resumed.pruning.mask().sha256
    assert whole.pruning.first_mask.sha256 == resumed.pruning.first_mask.sha256


def test_names_of_a_model_and_an_optimizer_stay_as_they_were(moving: Callable[..., Loop]) -> None:
    plain = Loop("mpi")
    plain.pruning.start()
    loop = moving()
    loop.pruning.start()
    for one in (plain, loop):
        one.go_on(UPDATES)
    assert list(loop.model.state_dict()) == list(plain.model.state_dict())
    slots = loop.optimizer.state_dict()["state"].values()
    assert {key for slot in slots for key in slot} == {"step", "exp_avg", "exp_avg_sq"}


def test_an_average_of_models_gets_a_mask(moving: Callable[..., Loop]) -> None:
    loop = moving()
    loop.pruning.start()
    loop.go_on(6)
    loop.pruning.prune()
    pruner = loop.pruning.pruner
    before = {name: tensor.detach().clone() for name, tensor in pruner.pool.items()}
    own = loop.pruning.kept_of(before)
    assert all(torch.equal(own[name], kept) for name, kept in pruner.kept.items())
    loop.go_on(UPDATES)
    loop.pruning.prune()
    average = {name: (before[name] + tensor.detach()) / 2 for name, tensor in pruner.pool.items()}
    kept = loop.pruning.kept_of(average)
    assert kept_in(kept) == kept_count(TOTAL, 0.5)
    # To rank them leaves the weights of the training alone.
    assert nonzero_count(pruner.pool) == kept_count(TOTAL, 0.5)


@pytest.mark.parametrize("scope", ["layer", "tensor"])
@pytest.mark.parametrize("method", ["rigl", "movement", "router", "parp-ste"])
def test_every_part_of_a_scope_keeps_its_share(method: str, scope: str) -> None:
    loop = Loop(method, scope=scope).start().go_on(UPDATES)
    for kept in loop.pruning.pruner.kept.values():
        assert int(kept.sum()) == kept_count(kept.numel(), 0.5)


def test_a_router_trains_scores_head_and_norms_alone() -> None:
    loop = Loop("router")
    before = {name: tensor.clone() for name, tensor in loop.model.state_dict().items()}
    loop.start().go_on(UPDATES)
    changed = set()
    for name, tensor in loop.model.state_dict().items():
        kept = loop.pruning.pruner.kept.get(name)
        was = before[name] if kept is None else before[name] * kept
        if not torch.equal(tensor, was):
            changed.add(name)
    assert changed == {"body.1.weight", "body.1.bias", "head.weight", "head.bias"}


def test_a_mask_of_elsewhere_moves_on(tmp_path: Any) -> None:
    """What it keeps has the higher scores at first, however small it is."""
    path = tmp_path / "mask.safetensors"
    first = Loop("mpi").start().pruning.first_mask
    turned = {name: ~kept for name, kept in first.kept.items()}
    Mask(turned, origin="the smallest", sparsity_target=0.5).save(path)
    for method in ("movement", "router"):
        loop = Loop(method, initial_mask=path)
        loop.pruning.start()
        loop.pruning.pruner.mover.move(0.5, 0, loop.pruning.pruner.kept)
        kept = loop.pruning.pruner.mover.move(0.5, 0, turned)
        assert all(torch.equal(kept[name], turned[name]) for name in kept)


def test_faster_scores_move_more() -> None:
    flips = []
    for score_lr in (0.1, 10.0):
        loop = Loop("router", score_lr=score_lr).start().go_on(UPDATES)
        kept, first = loop.pruning.pruner.kept, loop.pruning.pruner.first
        flips.append(sum(int((kept[name] ^ first[name]).sum()) for name in kept))
    assert flips[0] < flips[1]


def test_rigl_waits_while_only_the_head_trains() -> None:
    loop = Loop("rigl").start()
    loop.model["body"].requires_grad_(False)
    loop.go_on(6)
    assert all(
        torch.equal(kept, loop.pruning.pruner.first[name])
        for name, kept in loop.pruning.pruner.kept.items()
    )


def test_half_precision_is_refused_where_weights_are_beside() -> None:
    model = nn.Sequential(nn.Linear(4, 4)).to(torch.bfloat16)
    conf = {"method": "router", "sparsity": 0.5, "prune_pattern": r"\d\.weight"}
    with pytest.raises(UserError, match=r"0\.weight: expected float32 weights, .*bfloat16"):
        PrunedTraining(model, torch.optim.Adam(model.parameters()), conf)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "router", "freeze_updates": 5}, "router: expected freeze_updates 0, found 5"),
        ({"method": "router", "score": "moment"}, "router: expected score magnitude, found mom"),
        ({"method": "movement", "score": "activation"}, "expected score magnitude, found activ"),
        ({"method": "rigl", "score": "moment", "updates": 9}, "gradients regrow"),
        ({"method": "parp", "score": "learned"}, "score: expected one of magnitude, activation, m"),
        ({"method": "router", "score": "learned"}, "theirs without being told"),
        ({"method": "parp", "score_lr": 3.0}, "score_lr: expected none, since method parp has"),
        ({"method": "router", "alpha": 0.3}, "alpha: expected none, since method router has none"),
        ({"method": "router", "score_lr": 0}, "score_lr: expected a number above 0, found 0"),
        ({"method": "router", "score_lr": "x"}, "score_lr: expected a number above 0, found 'x'"),
        ({"method": "router", "score_lr": float("nan")}, "score_lr: expected a number above 0"),
        ({"method": "rigl", "alpha": 2, "updates": 9}, "above 0, at most 1, found 2"),
        ({"method": "rigl"}, "method rigl: expected `updates`, those of the whole run"),
        ({"method": "rigl", "updates": 9, "pattern": "2:4"}, "weights go and come one by one"),
        ({"method": "rigl", "updates": 9, "scope": "2:4"}, "weights go and come one by one"),
        ({"method": "rigl", "updates": 9, "pattern": "units"}, "weights go and come one by one"),
        ({"method": "movement", "start_sparsity": 0.1}, "start_sparsity: expected none"),
        ({"method": "movement-p"}, "method movement-p: expected `updates`"),
        ({"method": "router-p"}, "method router-p starts from a mask file"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(change: dict[str, Any], message: str) -> None:
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    with pytest.raises(UserError, match=message) as refused:
        PrunedTraining(model, optimizer, {"sparsity": 0.5} | change)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("method", ["parp-ste", "movement", "router"])
def test_groups_of_weights_move_too(method: str) -> None:
    loop = Loop(method, pattern="2:4").start().go_on(UPDATES)
    for kept in loop.pruning.pruner.kept.values():
        assert (kept.view(-1, 4).sum(1) == 2).all()


def test_straight_through_goes_with_other_scores() -> None:
    loop = Loop("parp-ste", score="activation")
    inputs = torch.randn(8, 16) * torch.arange(1, 17)
    loop.pruning.start(lambda: loop.model["body"](inputs))
    loop.go_on(UPDATES)
    assert loop.pruning.mask().made.ranking == "activation"


def test_a_state_of_before_masks_moved_is_read() -> None:
    loop = Loop("parp").start().go_on(4)
    state = loop.state()
    del state["pruning"]["pruner"]["moved"]
    Loop("parp").resume(state).go_on(UPDATES)


def test_shown_weights_are_their_product_with_the_mask() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {name: torch.randn(30, 7, generator=generator) for name in "ab"}
    kept = {name: tensor > 0.3 for name, tensor in weights.items()}
    pool = {name: torch.full_like(tensor, 5.0) for name, tensor in weights.items()}
    windowed.show_(pool, weights, kept)
    assert all(torch.equal(pool[name], weights[name] * kept[name]) for name in pool)
    with pytest.raises(ValueError, match=r"a: expected a mask of \(30, 7\), found \(7, 30\)"):
        windowed.show_(pool, weights, {name: tensor.T for name, tensor in kept.items()})


@pytest.mark.parametrize("method", ["parp", "parp-ste", "movement", "router", "rigl"])
def test_weights_that_the_optimizer_has_not_yet_have_no_rate(method: str) -> None:
    """As where layers are thawed one by one, each by a group of its own."""
    loop = Loop(method)
    late = loop.model["body"][2].weight
    (group,) = loop.optimizer.param_groups
    group["params"] = [one for one in group["params"] if one is not late]
    loop.start().go_on(3)
    assert sum(map(nonzero_count, [loop.pruning.pruner.pool])) <= kept_count(TOTAL, 0.5)
    before = loop.pruning.pruner.kept["body.2.weight"].clone()
    loop.optimizer.add_param_group({"params": [late], "lr": 0.05})
    loop.go_on(UPDATES)
    assert not torch.equal(before, loop.pruning.pruner.kept["body.2.weight"])
