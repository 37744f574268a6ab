"""Rankings as values: words in, the same masks as ever out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pruning.first import first_mask
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.pruner import Pruner
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select
from parp_espnet.pruning.settings import PruneSettings

MASKS = {
    ("mpi", "global"): "a24eb2689e1b84f1",
    ("mpi", "layer"): "a24eb2689e1b84f1",
    ("mpi", "tensor"): "7d1b5041e70f7abc",
    ("mpi", "2:4"): "b90355f7e54b9d22",
    ("parp", "global"): "0bb39d9d39f7a062",
    ("parp", "layer"): "2ddbc86229a49910",
    ("parp", "tensor"): "8c97060881ca6d10",
    ("parp", "2:4"): "b44ef81f839ce3a5",
    ("parp-p", "global"): "0fa7ffc9d014b927",
    ("parp-p", "layer"): "b7c75f5b8a5eeeb1",
    ("parp-p", "tensor"): "b199979e72dc7b93",
}
"""Masks of `trained` by the code of before rankings were values (commit a962906)."""
MORE: dict[str, dict[str, Any]] = {
    "mpi": {},
    "parp": {"interval": 3},
    "parp-p": {"interval": 3, "updates": 12},
}


def weights(salt: int) -> dict[str, torch.Tensor]:
    """Weights that are the same on every machine: whole numbers, divided by a power of two."""
    places = torch.arange(3 * 24 * 32, dtype=torch.int64)
    numbers = ((places + 1) * 40503 + salt * 7919) % 2003 - 1001
    parts = (numbers.float() / 1024).view(3, 24, 32)
    return {f"encoder.layers.{n // 2}.{n}.weight": parts[n].clone() for n in range(3)}


def trained(conf: dict[str, Any]) -> Mask:
    """The mask of twelve updates, each of which adds numbers that are exact."""
    settings = PruneSettings.parse(conf)
    pool = {name: torch.nn.Parameter(tensor) for name, tensor in weights(0).items()}
    pruner = Pruner(
        pool,
        adjusts=settings.row.adjusts,
        schedule=settings.schedule,
        ranking=settings.ranking,
        record=lambda event: None,
    )
    pruner.start(first_mask(pool, settings.schedule.sparsity_at(0), settings.ranking, None))
    for update in range(1, 13):
        with torch.no_grad():
            for name, change in weights(update).items():
                pool[name] += change / 8
        pruner.after_update()
    pruner.prune()
    return Mask(pruner.kept, origin="", sparsity_target=0.5, ranking=settings.ranking)


@pytest.mark.parametrize(("method", "scope"), MASKS)
def test_masks_are_those_of_before(method: str, scope: str) -> None:
    mask = trained({"method": method, "sparsity": 0.5, "scope": scope} | MORE[method])
    assert mask.sha256.startswith(MASKS[method, scope])


def test_a_pattern_may_stand_as_the_scope() -> None:
    alias, pattern = Ranking.of(scope="2:4"), Ranking.of(pattern="2:4")
    assert alias == pattern == Ranking(pattern="2:4")
    assert alias.word == "2:4"
    conf = {"method": "parp", "sparsity": 0.5, "interval": 3}
    masks = [trained(conf | {option: "2:4"}).sha256 for option in ("scope", "pattern")]
    assert masks[0] == masks[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"score": "magnitud"}, "score: .*did you mean 'magnitude'"),
        ({"scope": "layers"}, "scope: .*did you mean 'layer'"),
        ({"pattern": "4:2"}, "pattern 4:2: expected N:M with N below M"),
        ({"pattern": "unit"}, "pattern: expected one of none, 2:4"),
        (
            {"pattern": "2:4", "scope": "layer"},
            "pattern 2:4: expected scope global, .* found layer",
        ),
        ({"scope": "none.yaml"}, "scope none.yaml: no such file of rates"),
    ],
)
def test_what_is_no_ranking(words: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Ranking.of(**words)


def test_rates_are_shares_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "rates.yaml").write_text('"*.0.weight": 0.9\n"*.1.weight": 0.45\n"*": 0.15\n')
    ranking = Ranking.of(scope=str(tmp_path / "rates.yaml"))
    mask = first_mask(weights(0), 0.5, ranking, None)
    shares = [1 - float(kept.float().mean()) for kept in mask.kept.values()]
    assert shares == pytest.approx([0.9, 0.45, 0.15], abs=1e-3)
    mask.save(tmp_path / "mask.safetensors")
    assert Mask.load(tmp_path / "mask.safetensors").ranking == ranking
    # Half as sparse, in the same proportions.
    half = first_mask(weights(0), 0.25, ranking, None)
    assert half.sparsity == pytest.approx(0.25, abs=1e-3)
    with pytest.raises(UserError, match=r"nothing would be left of encoder\.layers\.0\.0\.weight"):
        first_mask(weights(0), 0.6, ranking, None)


@pytest.mark.parametrize(
    "ranking",
    [
        Ranking(),
        Ranking(scope="layer"),
        Ranking(pattern="2:4"),
        Ranking(score="moment", scope="tensor"),
    ],
)
def test_a_mask_file_holds_it(tmp_path: Path, ranking: Ranking) -> None:
    by_magnitude = first_mask(weights(0), 0.5, ranking.by_magnitude, None)
    mask = replace(by_magnitude, ranking=ranking, made=Origin(ranking=ranking.score))
    mask.save(tmp_path / "mask.safetensors")
    assert Mask.load(tmp_path / "mask.safetensors").ranking == ranking


def test_a_mask_of_before_has_one() -> None:
    assert Ranking.read({"scope": "2:4"}, None) == Ranking(pattern="2:4")
    assert Ranking.read({"scope": "layer"}, "magnitude") == Ranking(scope="layer")
    assert Ranking.read({"scope": "global"}, None) == Ranking()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "expected names of tensors with a sparsity each"),
        ("{}", "expected names of tensors with a sparsity each"),
        ('"*": 1.0', r"\*: expected a sparsity in \[0, 1\), found 1.0"),
        ('"*": x', "found 'x'"),
        ("", "such as .*, found none$"),
        ('"*":', r"\*: expected a sparsity in \[0, 1\), found none$"),
        ("on: 0.5\n'*': true", "found true$"),
        ("{1: {a: null}}", '1: .* found {"a": null}$'),
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


@pytest.mark.parametrize("scope", ["global", "layer", "tensor", "row"])
@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0), (0, 0)])
def test_a_tensor_of_no_weights_keeps_none(scope: str, shape: tuple[int, ...]) -> None:
    pool = {"encoder.layers.0.a": torch.ones(shape), "encoder.layers.0.b": torch.randn(2, 4)}
    kept = select(pool, 0.5, Ranking.of(scope=scope))
    assert kept["encoder.layers.0.a"].shape == shape
    assert int(kept["encoder.layers.0.b"].sum()) == 4
