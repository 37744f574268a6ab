"""Scores that have a sign as magnitudes, which selection ranks, and magnitudes as ranks."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from parp_espnet.pruning.magnitudes import magnitude_bits

LOW_BITS = 15
"""Of a magnitude's bits, those within a bucket of the histogram: 256 buckets an octave."""
BUCKETS = 1 << (31 - LOW_BITS)
PIECE = 1 << 20
MAGNITUDE = 0x7FFFFFFF
LOWEST = 0x3FC00000
"""What is added to halved bit patterns: those of all numbers are then those of finite ones from 0
on."""


@torch.no_grad()
def ordered(scores: Tensor, out: Tensor | None = None) -> Tensor:
    """Return numbers from 0 on that are in the order of these scores, which may be below 0.

    The bit pattern of a float, read as an integer, is in the order of the number if all bits but
    the sign's are turned where that is set. Half of it, shifted, is the bit pattern of a float from
    0 on. So scores that differ in their last bit alone are equal here; NaN stays one.

    Args:
        scores: float32.
        out: float32 of the same shape, contiguous, where the numbers are put; by default new.
    """
    out = torch.empty_like(scores, memory_format=torch.contiguous_format) if out is None else out
    bits, numbers = scores.contiguous().view(-1), out.view(-1)
    if scores.device.type == "cpu":
        # Imported here: numba takes half a second.
        from parp_espnet.pruning import loops  # noqa: PLC0415

        loops.order(_bits(bits), _bits(numbers))
        return out
    turned = bits.view(torch.int32)
    turned = turned ^ ((turned >> 31) & MAGNITUDE)
    numbers.view(torch.int32).copy_((turned >> 1) + LOWEST)
    return out


def _bits(tensor: Tensor) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return tensor.detach().numpy().view(np.int32)


@torch.no_grad()
def ranks_of(weights: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how many weights of the pool are smaller than each, as a part of all: float32 in
    [0, 1), by canonical name. Every weight that is not kept counts as smaller than every kept one.

    They are counted in buckets, and spread evenly within one: those of the same magnitude have the
    same rank, and no order is turned around.
    """
    total = sum(tensor.numel() for tensor in weights.values())
    counts = torch.zeros(2 * BUCKETS, dtype=torch.int64)
    for name, tensor in weights.items():
        for buckets, _ in _pieces(tensor, kept[name]):
            counts += torch.bincount(buckets, minlength=len(counts))
    below = counts.cumsum(0) - counts
    ranks: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        parts: list[Tensor] = []
        for buckets, within in _pieces(tensor, kept[name]):
            share = counts.index_select(0, buckets).mul_(within) >> LOW_BITS
            rank = below.index_select(0, buckets).add_(share)
            parts.append(rank.double().div_(total).float())
        ranks[name] = torch.cat(parts).view(tensor.shape).to(tensor.device)
    return ranks


def _pieces(weights: Tensor, kept: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The bucket of each weight, of which those of kept weights come after all others, and where
    it lies in it, from 0 to 2^`LOW_BITS`; on the CPU.
    """
    flags = kept.to(weights.device).flatten()
    pieces = zip(torch.split(weights.flatten(), PIECE), torch.split(flags, PIECE), strict=True)
    for piece, flag in pieces:
        bits = magnitude_bits(piece).cpu()
        buckets = (bits >> LOW_BITS).add_(flag.cpu().int() * BUCKETS)
        yield buckets, bits & ((1 << LOW_BITS) - 1)
