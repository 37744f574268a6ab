"""N:M sparsity: of every M consecutive weights of a row the N largest are kept.

Of 2:4 NVIDIA's sparse tensor cores skip the zeros (Mishra et al. 2021, arXiv 2104.08378). There a
row runs along the inputs of a layer, which is the last dimension of its weight.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.magnitudes import magnitude_bits


def check_shape(name: str, shape: Sequence[int], kept: int, size: int) -> None:
    """Raise `UserError` unless the last dimension is a multiple of `size`."""
    if not shape or shape[-1] % size:
        raise UserError(
            f"{name}: {kept}:{size} needs a last dimension that is a multiple of {size}, found "
            f"shape {'×'.join(map(str, shape)) or 'of a single number'}; leave it out of the pool "
            f"(biases by --prune_biases false), or take another pattern"
        )


def keep_in_groups(name: str, scores: Tensor, kept: int, size: int) -> Tensor:
    """Return a boolean tensor, True for the `kept` largest of every `size` consecutive weights.

    Among equal magnitudes the earlier position is pruned first, as in the other scopes.

    Args:
        name: the tensor's, for the error.
        scores: what its weights are ranked by, the sign aside.

    Raises:
        UserError: the last dimension is no multiple of `size`.
    """
    shape = scores.shape
    check_shape(name, shape, kept, size)
    groups = magnitude_bits(scores).view(-1, size)
    rank = torch.zeros_like(groups, dtype=torch.int8 if size < 128 else torch.int32)
    # Each is compared with each: sorting groups of four is ten times slower.
    for other in range(size):
        column = groups[:, other : other + 1]
        rank += column < groups
        rank[:, other + 1 :] += column == groups[:, other + 1 :]
    return (rank >= size - kept).view(shape)


def follows(mask: Tensor, kept: int, size: int) -> bool:
    """Whether a boolean tensor keeps `kept` of every `size` consecutive weights of a row."""
    if not mask.dim() or mask.shape[-1] % size:
        return False
    return bool((mask.view(-1, size).sum(1) == kept).all())
