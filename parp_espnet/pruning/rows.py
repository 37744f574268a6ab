"""Weights ranked within their row: against those alone that make the same output, as Wanda does
(Sun et al. 2024, arXiv 2306.11695).
"""

import math

import torch
from torch import Tensor

from parp_espnet.pruning.magnitudes import magnitude_bits
from parp_espnet.pruning.scopes import count_rows


def keep_in_rows(scores: Tensor, sparsity: float) -> Tensor:
    """Return a boolean tensor, False for the round(s · n) smallest of the n weights of each row.

    Among equal magnitudes the earlier position is pruned first, as in the other scopes.
    """
    if scores.numel() == 0:
        return torch.ones_like(scores, dtype=torch.bool)
    shape = tuple(scores.shape)
    rows = magnitude_bits(scores).view(count_rows(shape), -1)
    pruned = round(sparsity * (math.prod(shape) // len(rows)))
    if pruned == 0:
        return torch.ones_like(scores, dtype=torch.bool)
    threshold = rows.kthvalue(pruned, dim=1, keepdim=True).values
    equal = rows == threshold
    ties = pruned - (rows < threshold).sum(1, keepdim=True)
    kept = (rows > threshold) | (equal & (equal.cumsum(1) > ties))
    return kept.view(shape)
