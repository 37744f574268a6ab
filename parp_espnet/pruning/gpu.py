"""The threshold and the prune of a whole pool on a GPU, with a launch for each pass over it and not for each tensor.

A GPU goes through a tensor of a million weights in less time than it takes to tell it to. So the kernels, which Triton
compiles, get a table of where all tensors of the pool lie. The threshold is found bit pattern by bit pattern: a pass
counts how many magnitudes are below each of 31 points, the next one divides what lies between two of them, and after
seven passes two neighbouring patterns are left. Counting is exact, whatever the order of the additions.

`selection` has the same in torch's own operations, which is the reference, and the fallback where Triton is missing.
"""

import functools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 8192
"""Weights that one program of a kernel goes through."""
POINTS = 32
INFINITY = 0x7F800000
KINDS = {torch.float32: tl.float32, torch.float16: tl.float16, torch.bfloat16: tl.bfloat16}


class Found(NamedTuple):
    """A threshold: what is smaller than `bits` is pruned, and the first `ties` of the `equal` ones."""

    bits: int
    ties: int
    equal: int


class Table(NamedTuple):
    """Tensors in pieces of at most `BLOCK` numbers, on their GPU: (pieces,) int64 each."""

    starts: Tensor
    """The address of each piece."""
    lengths: Tensor
    owners: Tensor
    """Which of the tensors it is of."""


def suits(tensors: Iterable[Tensor]) -> bool:
    """Whether all tensors lie, each in one piece, on one GPU, whose Triton works."""
    found = list(tensors)
    if not found or any(one.device != found[0].device or not one.is_contiguous() for one in found):
        return False
    (kind, *others) = {one.dtype for one in found}
    return found[0].is_cuda and not others and (kind in KINDS or kind == torch.bool) and works(found[0].device)


@functools.cache
def works(device: torch.device) -> bool:
    """Whether Triton can compile for a GPU, for which it needs a C compiler; says so once where it cannot."""
    try:
        pool = {"": torch.tensor([3.0, -1.0, 2.0], device=device)}
        kept = keep(pool, threshold(pool, 2) or Found(0, 0, 0), zero=True)
        return kept is not None and count_differences(list(kept.values()), None) == [1]
    except Exception as error:  # Triton and the driver raise many kinds
        told = " ".join(str(error).split())[:200]
        logging.warning(f"prunes on {device} take longer than they could, since Triton does not work here: {told}")
        return False


def threshold(pool: Mapping[str, Tensor], pruned: int) -> Found | None:
    """The exact threshold below and at which `pruned` weights lie, one at least; None when some are NaN."""
    table, kind = table_of(list(pool.values())), KINDS[next(iter(pool.values())).dtype]
    total = sum(tensor.numel() for tensor in pool.values())
    # As many as `pruned` lie below `high`, and fewer than that below `low`.
    low, below, high, up_to = 0, 0, INFINITY + 1, total
    while high - low > 1:
        points = [low + (high - low) * number // POINTS for number in range(1, POINTS + 1)]
        found = _count_below(table, points, kind)
        if points[-1] > INFINITY and found[-1] < total:
            return None
        place = next(place for place, count in enumerate(found) if count >= pruned)
        high, up_to = points[place], found[place]
        if place:
            low, below = points[place - 1], found[place - 1]
    return Found(low, ties=pruned - below, equal=up_to - below)


def keep(pool: Mapping[str, Tensor], found: Found, *, zero: bool) -> dict[str, Tensor] | None:
    """Return the mask of a threshold, and with `zero` write zeros where nothing is kept.

    None, and nothing is written, where only some of the weights that are as large as the threshold are pruned.
    """
    if 0 < found.ties < found.equal:
        return None
    tensors = list(pool.values())
    flat = torch.empty(sum(tensor.numel() for tensor in tensors), dtype=torch.bool, device=tensors[0].device)
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    kept = {name: part.view(tensor.shape) for part, (name, tensor) in zip(parts, pool.items(), strict=True)}
    weights, flags = table_of(tensors), table_of(list(kept.values()))
    least = found.bits + 1 if found.ties else found.bits
    with _device_of(flat):
        _cut[(len(weights.starts),)](
            weights.starts, flags.starts, weights.lengths, least, zero=zero, kind=KINDS[tensors[0].dtype], size=BLOCK
        )
    return kept


def count_differences(flags: Sequence[Tensor], others: Sequence[Tensor] | None) -> list[int]:
    """In how many places each boolean tensor differs from its other one; without others, how many are true.

    Raises:
        ValueError: a tensor has another shape than its other one; the kernel would read beyond its end.
    """
    if others is not None and [one.shape for one in flags] != [one.shape for one in others]:
        raise ValueError("expected masks of the same shapes")
    table = table_of(flags)
    compared = table if others is None else table_of(others)
    found = torch.zeros(len(flags), dtype=torch.int64, device=flags[0].device)
    with _device_of(found):
        _differ[(len(table.starts),)](
            table.starts, compared.starts, table.lengths, table.owners, found, paired=others is not None, size=BLOCK
        )
    return list(found.tolist())


def table_of(tensors: Sequence[Tensor]) -> Table:
    """Where tensors of one device and type lie."""
    sizes = np.array([tensor.numel() for tensor in tensors])
    pieces = -(-sizes // BLOCK)
    owners = np.repeat(np.arange(len(tensors)), pieces)
    offsets = BLOCK * (np.arange(len(owners)) - np.repeat(np.cumsum(pieces) - pieces, pieces))
    addresses = np.array([tensor.data_ptr() for tensor in tensors], np.int64)
    starts = addresses[owners] + offsets * tensors[0].element_size()
    lengths = np.minimum(sizes[owners] - offsets, BLOCK)
    rows = torch.from_numpy(np.stack([starts, lengths, owners]).astype(np.int64)).to(tensors[0].device)
    return Table(*rows)


def _count_below(table: Table, points: Sequence[int], kind: tl.dtype) -> list[int]:
    device = table.starts.device
    found = torch.zeros(POINTS, dtype=torch.int64, device=device)
    told = torch.tensor(points, dtype=torch.int32, device=device)
    with _device_of(found):
        _count[(len(table.starts),)](table.starts, table.lengths, told, found, number_of=POINTS, kind=kind, size=BLOCK)
    return list(found.tolist())


def _device_of(tensor: Tensor) -> torch.cuda.device:
    """A context in which kernels are launched on a tensor's GPU; none where Triton's interpreter plays it."""
    return torch.cuda.device(tensor.device if tensor.is_cuda else -1)


_kernel: Callable[[Callable[..., Any]], Any] = triton.jit


@_kernel
def _magnitudes(weights, inside):  # type: ignore[no-untyped-def]
    """The bit patterns of weights without their signs; outside of the tensor, what is above every threshold."""
    return tl.where(inside, weights.to(tl.float32).to(tl.int32, bitcast=True) & 0x7FFFFFFF, 0x7FFFFFFF)


@_kernel
def _count(starts, lengths, points, found, number_of: tl.constexpr, kind: tl.constexpr, size: tl.constexpr):  # type: ignore[no-untyped-def]
    """Add to `found`, for each point, how many magnitudes of a piece are below it."""
    piece, places = tl.program_id(0), tl.arange(0, size)
    inside = places < tl.load(lengths + piece)
    start = tl.load(starts + piece).to(tl.pointer_type(kind))
    magnitudes = _magnitudes(tl.load(start + places, mask=inside, other=0.0), inside)
    for number in tl.static_range(number_of):
        below = tl.sum((magnitudes < tl.load(points + number)).to(tl.int32))
        tl.atomic_add(found + number, below.to(tl.int64))


@_kernel
def _cut(starts, flags, lengths, least, zero: tl.constexpr, kind: tl.constexpr, size: tl.constexpr):  # type: ignore[no-untyped-def]
    """Write which weights of a piece are kept; with `zero`, make the others 0."""
    piece, places = tl.program_id(0), tl.arange(0, size)
    inside = places < tl.load(lengths + piece)
    start = tl.load(starts + piece).to(tl.pointer_type(kind))
    weights = tl.load(start + places, mask=inside, other=0.0)
    kept = _magnitudes(weights, inside) >= least
    tl.store(tl.load(flags + piece).to(tl.pointer_type(tl.int8)) + places, kept.to(tl.int8), mask=inside)
    if zero:
        tl.store(start + places, tl.where(kept, weights, 0.0), mask=inside)


@_kernel
def _differ(starts, others, lengths, owners, found, paired: tl.constexpr, size: tl.constexpr):  # type: ignore[no-untyped-def]
    """Add to its owner's number how many flags of a piece are 1, or differ from the others."""
    piece, places = tl.program_id(0), tl.arange(0, size)
    inside = places < tl.load(lengths + piece)
    flags = tl.load(tl.load(starts + piece).to(tl.pointer_type(tl.int8)) + places, mask=inside, other=0)
    if paired:
        flags ^= tl.load(tl.load(others + piece).to(tl.pointer_type(tl.int8)) + places, mask=inside, other=0)
    tl.atomic_add(found + tl.load(owners + piece), tl.sum(flags.to(tl.int32)).to(tl.int64))
