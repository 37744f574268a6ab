"""The benchmark of a finetuning's memory trains by ESPnet's own task and by ours."""

import json
import subprocess
import sys

import pytest

from parp_espnet.bench import finetuning
from parp_espnet.bench.parts import PARTS
from parp_espnet.bin.bench import table

TINY = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
RUN = f"""
import json, sys
from parp_espnet.bench import finetuning
finetuning.SIZES["tiny"] = {TINY!r}
finetuning.SECONDS = 1
if __name__ == "__main__":
    print(json.dumps(finetuning.measure(sys.argv[1], "tiny", 1)))
"""


def test_the_ways_are_those_of_the_part() -> None:
    assert set(PARTS["memory"].ways) == set(finetuning.WAYS)


@pytest.mark.parametrize("way", ["stock", "parp_checkpointing"])
def test_a_training(way: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, way], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["seconds"] > 0
    assert found["peak_bytes"] > 100e6


def test_the_table_says_the_peak_of_both() -> None:
    line = {
        "name": "memory.parp.base", "ours_s": 1.0, "against": "stock", "against_s": 1.0,
        "ratio": 1.0, "extra_bytes": 0, "against_extra_bytes": 0, "threads": 1,
        "peak_bytes": 90, "against_peak_bytes": 100,
    }  # fmt: skip
    assert "peak memory 0.900 of the other's" in table([line])
