"""What a model costs: parameters, and the products and milliseconds of a few seconds of sound."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from parp_espnet.export.model import CtcModel

SECONDS = 5.0
REPEATS = 5


@dataclass(frozen=True)
class Cost:
    """Of one utterance alone, in PyTorch on the CPU."""

    parameters: int
    products: int
    """Multiply–adds."""
    milliseconds: float
    """The least of several."""
    seconds: float = SECONDS


@torch.inference_mode()
def cost_of(models: Sequence[CtcModel]) -> list[Cost]:
    """Measure models, in turns, so that what else the machine does falls on all of them."""
    waves = 0.1 * torch.randn(1, int(SECONDS * 16000), generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([waves.shape[1]])
    products = []
    for model in models:
        with FlopCounterMode(display=False) as counter:
            model(waves, lengths)
        products.append(counter.get_total_flops() // 2)
    least = [float("inf")] * len(models)
    for _ in range(REPEATS):
        for place, model in enumerate(models):
            started = time.perf_counter()
            model(waves, lengths)
            least[place] = min(least[place], time.perf_counter() - started)
    costs = []
    for model, count, seconds in zip(models, products, least, strict=True):
        parameters = sum(tensor.numel() for tensor in model.parameters())
        costs.append(Cost(parameters, count, 1000 * seconds))
    return costs
