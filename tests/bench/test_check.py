"""The benchmark of the check has nothing to complain of in its own data."""

import pytest

from parp_espnet.bench import check
from parp_espnet.bench.parts import PARTS


@pytest.mark.parametrize("way", PARTS["check"].ways)
def test_a_check(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setitem(check.SIZES, "tiny", 12)
    assert check.measure(way, "tiny", 1)["seconds"] > 0
