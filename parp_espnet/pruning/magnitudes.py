"""Magnitudes as whole numbers, which are in the same order."""

from collections.abc import Mapping

import torch
from torch import Tensor

from parp_espnet.errors import UserError

INFINITY = 0x7F800000
"""Its bit pattern, above those of all numbers."""


def magnitude_bits(tensor: Tensor) -> Tensor:
    """|w| as a flat int32 tensor in the same order. Half precision widens to float32
    without loss.
    """
    if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise TypeError(f"expected float32, float16 or bfloat16 weights, found {tensor.dtype}")
    return tensor.detach().to(torch.float32).abs().flatten().view(torch.int32)


def step_above(tensor: Tensor) -> Tensor:
    """The next larger magnitudes, float32, in the same order: none of them is 0. Infinity, and
    what is not a number, stay.
    """
    bits = magnitude_bits(tensor)
    return (bits + (bits < INFINITY)).view(torch.float32).view(tensor.shape)


def refuse_nan(pool: Mapping[str, Tensor]) -> None:
    """Raise `UserError` where a tensor holds NaN, which has no magnitude."""
    for name, tensor in pool.items():
        count = int(tensor.isnan().sum())
        if count:
            raise UserError(
                f"{name}: {count} of {tensor.numel()} weights are NaN, which cannot be ranked; "
                "the training has diverged or the checkpoint is damaged (try a lower learning rate)"
            )
