"""What trains beside the scores, or adapters, of a method whose weights stay as they are."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


def train_beside(model: nn.Module, pool: Iterable[str]) -> None:
    """Freeze what is neither of the pool nor of the head nor of a LayerNorm, for good.

    The head is every part of the model itself, such as `ctc` or `classifier`, that has no weight of
    the pool. Weights of the pool still get gradients: scores and adapters are trained by them.
    What was frozen before stays so.

    Args:
        pool: what the model calls the weights of the pool.
    """
    trains = set(pool)
    bodies = {name.partition(".")[0] for name in trains}
    for path, module in model.named_modules():
        if isinstance(module, nn.LayerNorm):
            for part, _ in module.named_parameters():
                trains.add(f"{path}.{part}")
    for name, parameter in model.named_parameters():
        if name.partition(".")[0] in bodies and name not in trains:
            parameter.requires_grad_(False)


@torch.no_grad()
def restore_frozen(model: nn.Module, states: Mapping[str, Tensor]) -> None:
    """Write into an average of a model's states what of it never trained: rounded, the mean of
    equal numbers is another one.
    """
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            states[name].copy_(parameter)
