"""What the benchmark of a finetuning's memory prints."""

from parp_espnet.bench import finetuning
from parp_espnet.bench.parts import PARTS
from parp_espnet.bin.bench import table


def test_the_ways_are_those_of_the_part() -> None:
    assert set(PARTS["memory"].ways) == set(finetuning.WAYS)


def test_the_table_says_the_peak_of_both() -> None:
    line = {
        "name": "memory.parp.base_20s", "ours_s": 1.0, "against": "stock", "against_s": 1.0,
        "ratio": 1.0, "extra_bytes": 0, "against_extra_bytes": 0, "threads": 1,
        "peak_bytes": 90, "against_peak_bytes": 100,
    }  # fmt: skip
    assert "peak memory 0.900 of the other's" in table([line])
