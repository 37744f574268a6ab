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

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.kernels import kernels_for
from parp_espnet.pruning.magnitudes import magnitude_bits, refuse_nan
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.rows import keep_in_rows
from parp_espnet.pruning.scopes import ROW
from parp_espnet.pruning.scores import MAGNITUDE, Need, magnitude

type Measured = Callable[[str], Tensor]
"""What a score needs beside the weights of a tensor, by its canonical name."""
PLAIN = Ranking()
"""Magnitudes, in one global ranking."""
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


def select(
    pool: Mapping[str, Tensor],
    sparsity: float,
    ranking: Ranking = PLAIN,
    measured: Measured | None = None,
) -> dict[str, Tensor]:
    """Keep the largest weights of the whole pool, in one global ranking or in one for each part of
    it.

    The result is that of a stable ascending sort of the scores, such as |w|, over all tensors in
    the order of `pool`, of which the first round(sparsity · N) are pruned: among equal scores the
    earlier position goes first. With another scope this holds for each layer, tensor or row, with
    its own N; a pattern chooses for itself at any sparsity but 0.

    Args:
        pool: float32, float16 or bfloat16 tensors of any shape, by canonical name.
        sparsity: fraction to prune, in [0, 1).
        measured: what the score needs beside the weights, see `measures`.

    Returns:
        for each tensor a boolean tensor of its shape, True where the weight is kept, in the order
        of `pool`.

    Raises:
        UserError: a tensor holds NaN, which has no magnitude, does not divide into the M of N:M, or
            the score needs what is not there.
    """
    return _ranked(pool, sparsity, ranking, measured, zero=False)


@torch.no_grad()
def prune_(
    pool: Mapping[str, Tensor],
    sparsity: float,
    ranking: Ranking = PLAIN,
    measured: Measured | None = None,
) -> dict[str, Tensor]:
    """Write zeros, in place, where `select` keeps nothing; return its mask. Cheaper than the two
    apart.
    """
    return _ranked(pool, sparsity, ranking, measured, zero=True)


def _ranked(
    pool: Mapping[str, Tensor],
    sparsity: float,
    ranking: Ranking,
    measured: Measured | None,
    *,
    zero: bool,
) -> dict[str, Tensor]:
    if sparsity == 0:
        ranking, measured = PLAIN, None
    scores = scores_of(pool, ranking, measured)
    form = ranking.form
    # Where magnitudes are ranked, the pool itself is; its zeros are written on the way.
    own = scores is pool and form is None
    if form is not None:
        refuse_nan(scores)
        kept = form.select(scores, sparsity)
    elif ranking.scope == ROW:
        refuse_nan(scores)
        own = False
        kept = {name: keep_in_rows(tensor, sparsity) for name, tensor in scores.items()}
    else:
        kept = {}
        sizes = {name: tensor.numel() for name, tensor in pool.items()}
        for part, pruned in ranking.shares(scores, sizes, sparsity):
            kept |= _prune_part(part, pruned, zero=zero and own)
    if zero and not own:
        _zero(pool, kept)
    return {name: kept[name] for name in pool}


def scores_of(
    pool: Mapping[str, Tensor], ranking: Ranking, measured: Measured | None
) -> Mapping[str, Tensor]:
    """Return what the weights are ranked by; the pool itself where that is their magnitudes.

    Raises `UserError` where the score needs what is not there.
    """
    row = ranking.row
    if row.function is magnitude:
        return pool
    if row.needs is not Need.NOTHING and measured is None:
        raise UserError(
            f"score {ranking.score}: needs {row.needs.value}, which weights alone do not tell; "
            f"expected score {MAGNITUDE}, or a training that ranks them itself"
        )
    scores: dict[str, Tensor] = {}
    for name, tensor in pool.items():
        weights = tensor.detach().to(torch.float32)
        known = weights.new_ones(()) if measured is None else measured(name).to(weights)
        scores[name] = row.function(weights, known).expand_as(weights).contiguous()
    return scores


def _prune_part(part: Mapping[str, Tensor], pruned: int, *, zero: bool) -> dict[str, Tensor]:
    # Imported here: numba takes half a second, and many a command only reads the table of methods.
    from parp_espnet.pruning import windowed  # noqa: PLC0415

    if pruned > 0 and windowed.suits(part):
        chunks = windowed.chunks_of(part)
        cut = windowed.threshold(chunks, pruned)
        if cut is not None:
            return windowed.keep(part, chunks, cut, zero=zero)
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


@torch.no_grad()
def apply_mask(pool: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> None:
    """Write zeros, in place, where `kept` is False."""
    # Imported here: numba takes half a second.
    from parp_espnet.pruning import windowed  # noqa: PLC0415

    if windowed.suits(pool):
        windowed.zero_(pool, kept)
        return
    for name, tensor in pool.items():
        # Five times faster than masked_fill_; a zero may carry a minus sign.
        tensor.mul_(kept[name])


def find_threshold(pool: Mapping[str, Tensor], pruned: int) -> Threshold:
    """Find the magnitude below and at which exactly `pruned` weights of the pool lie.

    Reads the pool twice.
    """
    high = torch.zeros(HIGH_BUCKETS, dtype=torch.int64)
    for bits in _pieces(pool):
        high += torch.bincount(bits >> LOW_BITS, minlength=HIGH_BUCKETS).cpu()
    if high[INFINITY_BUCKET:].any():
        refuse_nan(pool)
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
    """The magnitudes of a pool, as `magnitude_bits` has them: small tensors of one device are
    joined.
    """
    joined: list[Tensor] = []
    for tensor in pool.values():
        full = sum(part.numel() for part in joined) + tensor.numel() > PIECE
        if joined and (full or tensor.device != joined[0].device):
            yield torch.cat(joined)
            joined = []
        joined.append(magnitude_bits(tensor))
    if joined:
        yield torch.cat(joined)


def keep_above(pool: Mapping[str, Tensor], threshold: Threshold) -> dict[str, Tensor]:
    """Return the mask of a threshold, resolving ties by position. Reads the pool once."""
    kept: dict[str, Tensor] = {}
    ties = threshold.ties
    for name, tensor in pool.items():
        bits = magnitude_bits(tensor)
        flat = bits >= threshold.bits
        if ties:
            pruned = (bits == threshold.bits).nonzero().squeeze(1)[:ties]
            flat[pruned] = False
            ties -= len(pruned)
        kept[name] = flat.view(tensor.shape)
    return kept


def _bucket_of(histogram: Tensor, rank: int) -> tuple[int, int]:
    """Return the bucket that holds the `rank`-th smallest (from 1), and how many lie before that
    bucket.
    """
    cumulative = histogram.cumsum(0)
    bucket = int(torch.searchsorted(cumulative, rank))
    return bucket, int(cumulative[bucket] - histogram[bucket])
