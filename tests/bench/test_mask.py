"""The benchmark of mask files writes and reads what it says; our file has one bit a weight."""

import pytest

from parp_espnet.bench import mask
from parp_espnet.bench.parts import PARTS
from parp_espnet.bench.selection import SIZES


@pytest.mark.parametrize("way", PARTS["mask"].ways)
def test_a_mask(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setitem(SIZES, "tiny", (2, 256, 1024))
    found = mask.measure(way, "tiny", 1)
    assert found["seconds"] > 0
    assert found["bits_per_weight"] == pytest.approx(1 if way in ("write", "read") else 8, rel=0.03)
