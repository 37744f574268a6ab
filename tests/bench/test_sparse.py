"""The benchmark of sparse files reads back what it wrote, and ours is smaller than the others."""

import pytest

from parp_espnet.bench import sparse
from parp_espnet.bench.parts import PARTS


@pytest.mark.parametrize("way", PARTS["sparse"].ways)
def test_a_file(way: str) -> None:
    found = sparse.measure(way, "small80", 1)
    assert found["seconds"] > 0
    expected = {"sparse": 0.136, "dense": 1.0, "fp16": 0.5, "fp16_zstd": 0.17, "csr": 0.23}
    assert found["of_dense"] == pytest.approx(expected[way], rel=0.05)
    assert found["floor_of_dense"] == pytest.approx(0.139, rel=0.05)
