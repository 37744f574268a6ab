"""The benchmark of a training step trains, and prunes as it says."""

import pytest
import torch

from parp_espnet.bench import step
from parp_espnet.bench.parts import PARTS

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    ),
]
TINY = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip


@pytest.mark.parametrize("way", PARTS["step"].ways)
@pytest.mark.parametrize("device", DEVICES)
def test_a_step(monkeypatch: pytest.MonkeyPatch, way: str, device: str) -> None:
    monkeypatch.setitem(step.SIZES, "tiny", TINY)
    monkeypatch.setattr(step, "SECONDS", 1)
    threads = torch.get_num_threads()
    found = step.measure(way, "tiny", 1, device)
    torch.set_num_threads(threads)
    assert found["seconds"] > 0
