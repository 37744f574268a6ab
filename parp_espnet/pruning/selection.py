"""Which weights of a pool are kept: exactly the largest, over many tensors at once.

Magnitudes are compared as integers. The bit pattern of a non-negative IEEE float, read as an
integer, is in the same order as the number, so a threshold can be found by counting bits instead of
sorting: one histogram of the upper 16 bits finds the bucket that holds the threshold, a second one
of the lower 15 bits inside that bucket finds it to the last bit. Counting is exact and does not
depend on the order of the additions, hence on threads or devices, and no more than `PIECE` weights,
or one tensor, are ever copied at a time.

Where all weights are float32 on the CPU, `windowed` does the same in fewer passes, and `gpu` on a
GPU in fewer launches; what is here is then their reference and their fallback.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.groups import keep_in_groups
from parp_espnet.pruning.kernels import kernels_for
from parp_espnet.pruning.scopes import groups_of, parts

LOW_BITS = 15
LOW_MASK = (1 << LOW_BITS) - 1
HIGH_BUCKETS = 1 << 16
INFINITY_BUCKET = 0x7F800000 >> LOW_BITS  # infinity and the NaNs lie here and above
PIECE = 1 << 23
"""Weights that are counted at once: a GPU takes as long to begin with a tensor as to count a
million weights.
"""


class Threshold(NamedTuple):
    """Everything below `bits` is pruned, and of the weights equal to it the first `ties` by
    position.
    """

    bits: int
    ties: int


def kept_count(total: int, sparsity: float) -> int:
    """How many of `total` weights are kept: total − round(sparsity · total), Python's rounding."""
    return total - round(sparsity * total)


def select(pool: Mapping[str, Tensor], sparsity: float, scope: str = "global") -> dict[str, Tensor]:
    """Keep the largest magnitudes of the whole pool, in one global ranking or in one for each part
    of it.

    The result is that of a stable ascending sort of |w| over all tensors in the order of `pool`, of
    which the first round(sparsity · N) are pruned: among equal magnitudes the earlier position goes
    first. With another `scope` (of `scopes.SCOPES`) this holds for each layer, or each tensor, with
    its own N; with N:M for every M consecutive weights, of which N are kept at any sparsity but 0.

    Args:
        pool: float32, float16 or bfloat16 tensors of any shape, by canonical name.
        sparsity: fraction to prune, in [0, 1).

    Returns:
        for each tensor a boolean tensor of its shape, True where the weight is kept, in the order
        of `pool`.

    Raises:
        UserError: a tensor holds NaN, which has no magnitude, or does not divide into the M of N:M.
    """
    return _ranked(pool, sparsity, scope, zero=False)


@torch.no_grad()
def prune_(pool: Mapping[str, Tensor], sparsity: float, scope: str = "global") -> dict[str, Tensor]:
    """Write zeros, in place, where `select` keeps nothing; return its mask. Cheaper than the two
    apart.
    """
    return _ranked(pool, sparsity, scope, zero=True)


def _ranked(
    pool: Mapping[str, Tensor], sparsity: float, scope: str, *, zero: bool
) -> dict[str, Tensor]:
    kept: dict[str, Tensor] = {}
    groups = groups_of(scope)
    if groups and sparsity > 0:
        return _prune_groups(pool, *groups, zero=zero)
    for part in parts(pool, "global" if groups else scope):
        total = sum(tensor.numel() for tensor in part.values())
        kept |= _prune_part(part, total - kept_count(total, sparsity), zero=zero)
    return {name: kept[name] for name in pool}


def _prune_part(part: Mapping[str, Tensor], pruned: int, *, zero: bool) -> dict[str, Tensor]:
    # Imported here: numba takes half a second, and many a command only reads the table of methods.
    from parp_espnet.pruning import windowed  # noqa: PLC0415

    if pruned > 0 and windowed.suits(part):
        chunks = windowed.chunks_of(part)
        found = windowed.threshold(chunks, pruned)
        if found is not None:
            return windowed.keep(part, chunks, found, zero=zero)
    if (
        pruned > 0
        and (gpu := kernels_for(part.values()))
        and (split := gpu.threshold(part, pruned))
    ):
        return dict(gpu.keep(part, *split, zero=zero))
    kept = keep_above(part, find_threshold(part, pruned))
    if zero:
        _zero(part, kept)
    return kept


def _zero(pool: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> None:
    for name, tensor in pool.items():
        tensor.masked_fill_(~kept[name], 0.0)  # a product would make NaN of an infinity


def _prune_groups(
    pool: Mapping[str, Tensor], kept: int, size: int, *, zero: bool
) -> dict[str, Tensor]:
    _refuse_nan(pool)
    found = {}
    for name, tensor in pool.items():
        found[name] = keep_in_groups(name, _magnitude_bits(tensor), tensor.shape, kept, size)
    if zero:
        _zero(pool, found)
    return found


def find_threshold(pool: Mapping[str, Tensor], pruned: int) -> Threshold:
    """Find the magnitude below and at which exactly `pruned` weights of the pool lie.

    Reads the pool twice.
    """
    high = torch.zeros(HIGH_BUCKETS, dtype=torch.int64)
    for bits in _pieces(pool):
        high += torch.bincount(bits >> LOW_BITS, minlength=HIGH_BUCKETS).cpu()
    if high[INFINITY_BUCKET:].any():
        _refuse_nan(pool)
    if pruned == 0:
        return Threshold(bits=0, ties=0)
    bucket, below = _bucket_of(high, pruned)

    low = torch.zeros(1 << LOW_BITS, dtype=torch.int64)
    for bits in _pieces(pool):
        inside = bits[(bits >> LOW_BITS) == bucket]
        low += torch.bincount(inside & LOW_MASK, minlength=1 << LOW_BITS).cpu()
    rest, below_rest = _bucket_of(low, pruned - below)
    return Threshold(bits=(bucket << LOW_BITS) | rest, ties=pruned - below - below_rest)


def _pieces(pool: Mapping[str, Tensor]) -> Iterator[Tensor]:
    """The magnitudes of a pool, as `_magnitude_bits` has them: small tensors of one device are
    joined.
    """
    joined: list[Tensor] = []
    for tensor in pool.values():
        full = sum(one.numel() for one in joined) + tensor.numel() > PIECE
        if joined and (full or tensor.device != joined[0].device):
            yield torch.cat(joined)
            joined = []
        joined.append(_magnitude_bits(tensor))
    if joined:
        yield torch.cat(joined)


def keep_above(pool: Mapping[str, Tensor], threshold: Threshold) -> dict[str, Tensor]:
    """Return the mask of a threshold, resolving ties by position. Reads the pool once."""
    kept: dict[str, Tensor] = {}
    ties = threshold.ties
    for name, tensor in pool.items():
        bits = _magnitude_bits(tensor)
        flat = bits >= threshold.bits
        if ties:
            pruned = (bits == threshold.bits).nonzero().squeeze(1)[:ties]
            flat[pruned] = False
            ties -= len(pruned)
        kept[name] = flat.view(tensor.shape)
    return kept


def _magnitude_bits(tensor: Tensor) -> Tensor:
    """|w| as a flat int32 tensor in the same order. Half precision widens to float32
    without loss.
    """
    if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise TypeError(f"expected float32, float16 or bfloat16 weights, found {tensor.dtype}")
    return tensor.detach().to(torch.float32).abs().flatten().view(torch.int32)


def _bucket_of(histogram: Tensor, rank: int) -> tuple[int, int]:
    """Return the bucket that holds the `rank`-th smallest (from 1), and how many lie before that
    bucket.
    """
    cumulative = histogram.cumsum(0)
    bucket = int(torch.searchsorted(cumulative, rank))
    return bucket, int(cumulative[bucket] - histogram[bucket])


def _refuse_nan(pool: Mapping[str, Tensor]) -> None:
    for name, tensor in pool.items():
        count = int(tensor.isnan().sum())
        if count:
            raise UserError(
                f"{name}: {count} of {tensor.numel()} weights are NaN, which cannot be ranked; "
                "the training has diverged or the checkpoint is damaged (try a lower learning rate)"
            )
