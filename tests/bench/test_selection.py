"""The benchmark measures what it says, and its alternatives do the same work. No test depends on a
time.
"""

import json
import sys
from pathlib import Path

import pytest
import torch

from parp_espnet.bench import check, parts, segments
from parp_espnet.bench.selection import FLOORS, SIZES, WAYS, make_pool, measure
from parp_espnet.bin import bench
from parp_espnet.pruning.pruner import nonzero_count

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    ),
]


def test_the_table_of_parts_has_the_names_of_their_modules() -> None:
    assert tuple(SIZES) == parts.POOLS
    assert ("ours", *parts.ALTERNATIVES) == tuple(WAYS)
    assert parts.PARTS["check"].sizes == tuple(check.SIZES)
    assert parts.PARTS["segments"].sizes == tuple(segments.SIZES)


def test_the_base_pool_has_the_papers_size() -> None:
    layers, width, wide = SIZES["85m"]
    expected = layers * (4 * width * (width + 1) + wide * (width + 1) + width * (wide + 1))
    assert 84_900_000 < expected < 85_100_000


@pytest.mark.parametrize("way", [way for way in WAYS if way not in FLOORS])
def test_every_way_prunes_half(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setitem(SIZES, "tiny", (2, 16, 32))
    pool = make_pool("tiny")
    for tensor in pool.values():
        tensor.data += torch.rand(tensor.shape, generator=torch.Generator().manual_seed(1)) * 1e-4
    total = sum(tensor.numel() for tensor in pool.values())
    WAYS[way](pool)
    assert nonzero_count(pool) == pytest.approx(total / 2, abs=2)


@pytest.mark.parametrize("device", DEVICES)
def test_a_measurement(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setitem(SIZES, "tiny", (1, 16, 32))
    threads = torch.get_num_threads()
    found = measure("ours", "tiny", 1, device)
    torch.set_num_threads(threads)
    assert found["seconds"] > 0
    assert found["extra_bytes"] >= 0


def test_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [
        "--only",
        "select",
        "--sizes",
        "10m",
        "--threads",
        "1",
        "--out",
        str(tmp_path / "bench.json"),
    ]
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    bench.main()
    lines = json.loads((tmp_path / "bench.json").read_text())
    assert {line["against"] for line in lines} == set(WAYS) - {"ours"}
    assert {line["name"] for line in lines} == {"select.reprune.10m"}
    assert all(line["ratio"] == line["ours_s"] / line["against_s"] for line in lines)
    assert "| select.reprune.10m | 1 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--only", "selects"],
            f"--only selects: expected one of {', '.join(parts.PARTS)}",
        ),
        (["--device", "cuda:77"], "--device cuda:77: no such device here"),
        (
            ["--only", "mask", "--device", "meta"],
            "--only mask --device meta: this part is measured on the CPU alone",
        ),
    ],
)
def test_what_cannot_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    with pytest.raises(SystemExit) as end:
        bench.main()
    assert end.value.code == 2
    assert f"error: {told}" in capsys.readouterr().err
