"""The benchmark of segments finds all of them."""

import pytest

from parp_espnet.bench import segments
from parp_espnet.bench.parts import PARTS


@pytest.mark.parametrize("way", PARTS["segments"].ways)
def test_segments(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setitem(segments.SIZES, "tiny", 60)
    monkeypatch.setattr(segments, "SEGMENTS", 60)
    assert segments.measure(way, "tiny", 1)["seconds"] > 0
