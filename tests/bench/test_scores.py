"""Selection by each score is measured on what that score ranks. No test depends on a time."""

import json
import sys
from pathlib import Path

import pytest
import torch

from parp_espnet.bench import parts, scores
from parp_espnet.bench.selection import SIZES, make_pool
from parp_espnet.bin import bench
from parp_espnet.pruning.scores import choices


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "tiny", (2, 16, 32))


def test_every_score_is_there() -> None:
    assert ("magnitude", *parts.SCORES) == tuple(scores.WAYS)
    assert set(choices()) <= set(scores.WAYS)


@pytest.mark.parametrize("way", scores.WAYS)
def test_half_is_selected_and_no_weight_written(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    found = []

    def keep(*given: object) -> None:
        found.append(select(*given))

    select = scores.select
    monkeypatch.setattr(scores, "select", keep)
    pool = make_pool("tiny")
    before = {name: tensor.detach().clone() for name, tensor in pool.items()}
    scores.WAYS[way](pool, scores.make_beside(pool, way))
    total = sum(tensor.numel() for tensor in pool.values())
    assert sum(int(flags.sum()) for flags in found[0].values()) == total - round(total / 2)
    if way != "movement":  # whose order is written over the model's weights, as in training
        assert all(torch.equal(pool[name], before[name]) for name in pool)


def test_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ["--only", "scores", "--sizes", "10m", "--threads", "1", "--out"]
    monkeypatch.setattr(sys, "argv", ["bench", *words, str(tmp_path / "bench.json")])
    bench.main()
    lines = json.loads((tmp_path / "bench.json").read_text())
    assert {line["name"] for line in lines} == {f"select.{name}.10m" for name in parts.SCORES}
    assert {line["against"] for line in lines} == {"magnitude"}
    assert all(line["ratio"] == line["ours_s"] / line["against_s"] for line in lines)
