"""A training step of a wav2vec 2.0 of Base size: dense, under a fixed mask, and with PARP at n = 5.

    python3 -m parp_espnet.bench.step WAY SIZE THREADS [DEVICE]

is one measurement, in a process of its own, and prints it as JSON.
"""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from parp_espnet.bench.memory import peak, wait_for
from parp_espnet.pruning.training import PrunedTraining

WAYS: dict[str, dict[str, Any]] = {
    "dense": {"method": "dense"},
    "fixed": {"method": "mpi", "sparsity": 0.5},
    "parp": {"method": "parp", "sparsity": 0.5, "interval": 5},
}
SIZES: dict[str, dict[str, Any]] = {"base": {}}
"""What differs from Hugging Face's defaults, which are those of wav2vec2-base."""
SECONDS = 5


@dataclass(frozen=True)
class Load:
    """What keeps a device busy."""

    utterances: int
    updates: int
    """A multiple of PARP's interval."""


LOADS = {"cpu": Load(2, 5), "cuda": Load(32, 25)}


def measure(way: str, size: str, threads: int, device: str = "cpu") -> dict[str, float]:
    """Return the `seconds` of one update, over all of a load, and the `extra_bytes`
    that they need.
    """
    load = LOADS[torch.device(device).type]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = Wav2Vec2Model(Wav2Vec2Config(**SIZES[size], mask_time_prob=0.0, layerdrop=0.0))
    torch.nn.Module.to(model, device)  # transformers' own has types that no string has
    model.feature_extractor.requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    pruning = PrunedTraining(model, optimizer, WAYS[way])
    pruning.start()
    waves = torch.randn(load.utterances, SECONDS * 16000).to(device)

    def update() -> None:
        optimizer.zero_grad()
        torch.autograd.backward(model(waves).last_hidden_state.square().mean())
        optimizer.step()

    update()  # what is compiled, allocated or loaded once
    pruning.prune()
    wait_for(device)
    before = peak(reset=True, device=device)
    started = time.perf_counter()
    for _ in range(load.updates):
        update()
    wait_for(device)
    return {
        "seconds": (time.perf_counter() - started) / load.updates,
        "extra_bytes": peak(device=device) - before,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])))
