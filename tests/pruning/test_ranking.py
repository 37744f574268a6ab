"""Rankings: rates of tensors, patterns of units, and what files say of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.patterns import PATTERNS
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.scores import SCORES, Score
from parp_espnet.pruning.selection import prune_, select


@pytest.fixture
def pool() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    names = [f"encoder.layers.{layer}.{kind}" for layer in (0, 1) for kind in ("up", "down")]
    return {name: torch.randn(20, 10, generator=generator) for name in names}


def rates(path: Path, **found: float) -> Path:
    path.write_text(json.dumps(found))
    return path


def test_rates_are_scaled_to_the_sparsity(pool: dict[str, Tensor], tmp_path: Path) -> None:
    file = rates(tmp_path / "rates.json", **{"*.layers.0.*": 0.1, "*.up": 0.2, "*": 0.4})
    ranking = Ranking.of(scope=file)
    kept = select(pool, 0.4, ranking)
    pruned = [int((~one).sum()) for one in kept.values()]
    assert pruned == [40, 40, 80, 160]
    assert select(pool, 0.0, ranking)["encoder.layers.1.down"].all()
    mask = Mask(kept, origin="", sparsity_target=0.4, ranking=ranking)
    mask.save(tmp_path / "mask.safetensors")
    assert Mask.load(tmp_path / "mask.safetensors").ranking == ranking
    assert mask.told()["scope"].startswith("rates ")
    other = Ranking.of(scope=rates(tmp_path / "other.json", **{"*": 0.4}))
    assert other.word != ranking.word
    with pytest.raises(UserError, match=r"nothing would be left of encoder.layers.1.down"):
        select(pool, 0.6, ranking)
    few = Ranking.of(scope=rates(tmp_path / "few.json", **{"*.up": 0.4}))
    with pytest.raises(UserError, match=r"the rates have none for encoder.layers.0.down"):
        select(pool, 0.6, few)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "expected names of tensors with a sparsity each"),
        ("{}", "expected names of tensors with a sparsity each"),
        ('"*": 1.0', r"\*: expected a sparsity in \[0, 1\), found 1.0"),
        ('"*": x', "found x"),
        ("a: [", "cannot read these rates"),
    ],
)
def test_what_are_no_rates(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "rates.yaml"
    file.write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        Ranking.of(scope=file)
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such file of rates"):
        Ranking.of(scope=tmp_path / "none.yaml")


def test_a_pattern_may_stand_as_the_scope(pool: dict[str, Tensor], tmp_path: Path) -> None:
    ranking = Ranking.of(scope="2:5")
    assert ranking == Ranking.of(pattern="2:5") == Ranking(pattern="2:5")
    mask = Mask(select(pool, 0.6, ranking), origin="", sparsity_target=0.6, ranking=ranking)
    mask.save(tmp_path / "mask.safetensors")
    assert Mask.load(tmp_path / "mask.safetensors").ranking == ranking
    assert mask.told()["scope"] == mask.scope == "2:5"
    # A file of before there were patterns has the one word.
    assert Ranking.read({"scope": "2:5"}, None) == ranking
    assert Ranking.read({"scope": "layer"}, "magnitude") == Ranking(scope="layer")


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
