"""What whole units are worth in time."""

import pytest

from parp_espnet.bench import speed
from parp_espnet.bench.parts import PARTS, SPEED_RUNTIMES, SPEED_SHAPES
from parp_espnet.bench.runtimes import RUNTIMES


def test_fewer_units_are_fewer_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "SECONDS", 0.5)
    monkeypatch.setattr(speed, "RUNS", 1)
    measured = {shape: speed.measure(f"torch.{shape}", "small", 1) for shape in SPEED_SHAPES}
    for kind in ("products_g", "file_bytes"):
        for channels in (1.0, 0.5):
            amounts = []
            for shape, found in measured.items():
                if SPEED_SHAPES[shape][1] == channels:
                    amounts.append(found[kind])
            assert len(amounts) >= 3
            assert amounts == sorted(amounts, reverse=True)
        for shape in ("units50", "units75", "least"):
            assert measured[f"{shape}_conv50"][kind] < measured[shape][kind]


def test_all_is_compared_with_dense_pytorch() -> None:
    part = PARTS["speed"]
    assert {other for _, _, other in part.pairs} == {"torch.dense"}
    assert set(part.sizes) == set(speed.SIZES)
    assert {*SPEED_RUNTIMES} - {"torch"} <= set(RUNTIMES)
    assert any("Amdahl" in note for note in part.notes)
