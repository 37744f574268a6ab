"""Patterns: one that looks across tensors, and what they are ranked by."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import kept_in
from parp_espnet.pruning.patterns import PATTERNS
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.scores import SCORES, Score
from parp_espnet.pruning.selection import prune_, select


@pytest.fixture
def pool() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    names = [f"encoder.layers.{layer}.{kind}" for layer in (0, 1) for kind in ("up", "down")]
    return {name: torch.randn(20, 10, generator=generator) for name in names}


@dataclass(frozen=True)
class Units:
    """The same number of units of every layer: a unit is a row of `up` and one of `down`."""

    sparsity: float | None = None

    def select(self, scores: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
        kept = {}
        for layer in (0, 1):
            up, down = f"encoder.layers.{layer}.up", f"encoder.layers.{layer}.down"
            units = scores[up].abs().sum(1) + scores[down].abs().sum(1)
            chosen = torch.zeros(20, dtype=torch.bool)
            chosen[units.topk(20 - round(sparsity * 20)).indices] = True
            kept[up] = kept[down] = chosen[:, None].expand(20, 10).contiguous()
        return kept

    def follows(self, kept: Mapping[str, Tensor]) -> bool:
        return all(bool((one.all(1) | ~one.any(1)).all()) for one in kept.values())

    def kept_count(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
        return sum(10 * (20 - round(20 * sparsity)) for _ in shapes)

    def slack(self, shapes: Mapping[str, tuple[int, ...]]) -> float:
        return 10.0 * len(shapes)

    def told(self) -> str:
        return "whole units"


def test_a_pattern_may_remove_whole_units(
    pool: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PATTERNS, "units", Units())
    ranking = Ranking.of(scope="units")
    kept = prune_(pool, 0.5, ranking)
    assert Units().follows(kept)
    assert kept_in(kept) == 400
    assert all(torch.equal(tensor != 0, kept[name]) for name, tensor in pool.items())
    again = select(pool, 0.5, ranking.by_magnitude)
    assert all(torch.equal(again[name], one) for name, one in kept.items())


def test_equal_scores_go_by_position(
    pool: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCORES, "same", Score("", lambda weights, _: weights.abs() * 0 + 1))
    kept = torch.cat([one.flatten() for one in select(pool, 0.3, Ranking("same")).values()])
    assert not kept[:240].any()
    assert kept[240:].all()


@pytest.mark.parametrize("score", ["activation", "moment"])
def test_weights_alone_do_not_tell_what_a_score_needs(pool: dict[str, Tensor], score: str) -> None:
    with pytest.raises(UserError, match=f"score {score}: needs .* expected score magnitude"):
        select(pool, 0.5, Ranking(score))
    assert kept_in(select(pool, 0.0, Ranking(score))) == 800
