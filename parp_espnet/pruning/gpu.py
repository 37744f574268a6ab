"""The threshold and the prune of a whole pool on a GPU, with a launch for each pass over it and not
for each tensor.

A GPU goes through a tensor of a million weights in less time than it takes to tell it to. So the
kernels, which Triton compiles, get a table of where all tensors of the pool lie. The threshold is
found bit pattern by bit pattern: a pass counts how many magnitudes are below each of 31 points, the
next one divides what lies between two of them, and after seven passes two neighbouring patterns are
left. Counting is exact, whatever the order of the additions.

`selection` has the same in torch's own operations, which is the reference, and the fallback where
Triton is missing.
"""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 8192
"""Weights that one program of a kernel goes through."""
POINTS = 32


class Kind(NamedTuple):
    """A type of weights, read as whole numbers: without their signs these are in the order of the
    magnitudes.
    """

    whole: tl.dtype
    magnitude: int
    """All bits but the sign's."""
    infinity: int


KINDS = {
    torch.float32: Kind(tl.int32, 0x7FFFFFFF, 0x7F800000),
    torch.float16: Kind(tl.int16, 0x7FFF, 0x7C00),
    torch.bfloat16: Kind(tl.int16, 0x7FFF, 0x7F80),
}


class Table(NamedTuple):
    """Tensors in pieces of at most `BLOCK` numbers, on their GPU: (pieces,) int64 each."""

    starts: Tensor
    """The address of each piece."""
    lengths: Tensor
    owners: Tensor
    """Which of the tensors it is of."""


def suits(tensors: Sequence[Tensor]) -> bool:
    """Whether all of a GPU's tensors, one at least, lie each in one piece on the same one, whose
    Triton works.
    """
    first = tensors[0]
    for tensor in tensors:
        is_like_first = tensor.device == first.device and tensor.dtype == first.dtype
        if not is_like_first or not tensor.is_contiguous():
            return False
    return (first.dtype in KINDS or first.dtype == torch.bool) and works(first.device)


@functools.cache
def works(device: torch.device) -> bool:
    """Whether Triton can compile for a GPU, for which it needs a C compiler; says so once where it
    cannot.
    """
    try:
        pool = {"": torch.tensor([3.0, -1.0, 2.0], device=device)}
        kept = keep(pool, *(threshold(pool, 2) or (0, 0)), zero=True)
        return count_differences(list(kept.values()), None) == [1]
    except Exception as error:  # Triton and the driver raise many kinds
        told = " ".join(str(error).split())[:200]
        logging.warning(
            f"prunes on {device} take longer than they could, since Triton does not work here: "
            f"{told}"
        )
        return False


def threshold(pool: Mapping[str, Tensor], pruned: int) -> tuple[int, int] | None:
    """The exact threshold below and at which `pruned` weights lie, one at least; None when some are
    NaN.

    Returns:
        the threshold's bit pattern, below which all is pruned, and how many of the weights that are
        equal to it.
    """
    table, kind = table_of(list(pool.values())), KINDS[next(iter(pool.values())).dtype]
    total = sum(tensor.numel() for tensor in pool.values())
    # As many as `pruned` lie below `high`, and fewer than that below `low`.
    low, below, high = 0, 0, kind.infinity + 1
    while high - low > 1:
        points = [low + (high - low) * number // POINTS for number in range(1, POINTS + 1)]
        counts = _count_below(table, points, kind)
        if points[-1] > kind.infinity and counts[-1] < total:
            return None
        place = next(place for place, count in enumerate(counts) if count >= pruned)
        high = points[place]
        if place:
            low, below = points[place - 1], counts[place - 1]
    return low, pruned - below


def keep(pool: Mapping[str, Tensor], bits: int, ties: int, *, zero: bool) -> dict[str, Tensor]:
    """Return the mask of a threshold, and with `zero` write zeros where nothing is kept.

    Of the weights that are as large as the threshold the first `ties` are pruned. There are some:
    half of 85 million weights share the eight million bit patterns of a few powers of two.
    """
    tensors, kind = list(pool.values()), KINDS[next(iter(pool.values())).dtype]
    flat = torch.empty(
        sum(tensor.numel() for tensor in tensors), dtype=torch.bool, device=tensors[0].device
    )
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    kept: dict[str, Tensor] = {}
    for part, (name, tensor) in zip(parts, pool.items(), strict=True):
        kept[name] = part.view(tensor.shape)
    weights, flags = table_of(tensors), table_of(list(kept.values()))
    pieces = len(weights.starts)
    equal = torch.empty(pieces, dtype=torch.int64, device=flat.device)
    with _device_of(flat):
        read = {"whole": kind.whole, "bits": kind.magnitude, "size": BLOCK}
        _count_equal[(pieces,)](weights.starts, weights.lengths, bits, equal, **read)
        # What is left of the ties when a piece begins: it is all that the piece has to know of
        # those before it.
        left = (ties - (equal.cumsum(0) - equal)).clamp(min=0)
        _cut[(pieces,)](
            weights.starts, flags.starts, weights.lengths, bits, left, zero=zero, **read
        )
    return kept


def count_differences(flags: Sequence[Tensor], others: Sequence[Tensor] | None) -> list[int]:
    """In how many places each boolean tensor differs from its other one; without others, how many
    are true.

    Raises:
        ValueError: a tensor has another shape than its other one; the kernel would read beyond its
            end.
    """
    if others is not None:
        shapes = [tensor.shape for tensor in flags]
        if shapes != [tensor.shape for tensor in others]:
            raise ValueError("expected masks of the same shapes")
    table = table_of(flags)
    compared = table if others is None else table_of(others)
    numbers = torch.zeros(len(flags), dtype=torch.int64, device=flags[0].device)
    with _device_of(numbers):
        _differ[(len(table.starts),)](
            table.starts,
            compared.starts,
            table.lengths,
            table.owners,
            numbers,
            paired=others is not None,
            size=BLOCK,
        )
    return list(numbers.tolist())


def table_of(tensors: Sequence[Tensor]) -> Table:
    """Where tensors of one device and type lie."""
    sizes = np.array([tensor.numel() for tensor in tensors])
    pieces = -(-sizes // BLOCK)
    owners = np.repeat(np.arange(len(tensors)), pieces)
    offsets = BLOCK * (np.arange(len(owners)) - np.repeat(np.cumsum(pieces) - pieces, pieces))
    addresses = np.array([tensor.data_ptr() for tensor in tensors], np.int64)
    starts = addresses[owners] + offsets * tensors[0].element_size()
    lengths = np.minimum(sizes[owners] - offsets, BLOCK)
    rows = torch.from_numpy(np.stack([starts, lengths, owners]).astype(np.int64)).to(
        tensors[0].device
    )
    return Table(*rows)


def _count_below(table: Table, points: Sequence[int], kind: Kind) -> list[int]:
    device = table.starts.device
    counts = torch.zeros(POINTS, dtype=torch.int64, device=device)
    told = torch.tensor(points, dtype=torch.int32, device=device)
    with _device_of(counts):
        _count[(len(table.starts),)](
            table.starts,
            table.lengths,
            told,
            counts,
            number_of=POINTS,
            whole=kind.whole,
            bits=kind.magnitude,
            size=BLOCK,
        )
    return list(counts.tolist())


def _device_of(tensor: Tensor) -> torch.cuda.device:
    """A context in which kernels are launched on a tensor's GPU; none where Triton's interpreter
    plays it.
    """
    return torch.cuda.device(tensor.device if tensor.is_cuda else -1)


_kernel: Callable[[Callable[..., Any]], Any] = triton.jit


@_kernel
def _magnitudes(weights, inside, bits: tl.constexpr):  # type: ignore[no-untyped-def]
    """Weights without their signs; outside of the tensor, what is above every threshold."""
    return tl.where(inside, weights.to(tl.int32) & bits, 0x7FFFFFFF)


@_kernel
def _read(starts, lengths, whole: tl.constexpr, bits: tl.constexpr, size: tl.constexpr):  # type: ignore[no-untyped-def]
    """The magnitudes of the program's piece."""
    piece, places = tl.program_id(0), tl.arange(0, size)
    inside = places < tl.load(lengths + piece)
    start = tl.load(starts + piece).to(tl.pointer_type(whole))
    return _magnitudes(tl.load(start + places, mask=inside, other=0), inside, bits)


@_kernel
def _count(  # type: ignore[no-untyped-def]
    starts,
    lengths,
    points,
    counts,
    number_of: tl.constexpr,
    whole: tl.constexpr,
    bits: tl.constexpr,
    size: tl.constexpr,
):
    """Add to `counts`, for each point, how many magnitudes of a piece are below it."""
    magnitudes = _read(starts, lengths, whole, bits, size)
    for number in tl.static_range(number_of):
        below = tl.sum((magnitudes < tl.load(points + number)).to(tl.int32))
        tl.atomic_add(counts + number, below.to(tl.int64))


@_kernel
def _count_equal(  # type: ignore[no-untyped-def]
    starts, lengths, threshold, counts, whole: tl.constexpr, bits: tl.constexpr, size: tl.constexpr
):
    """Write how many magnitudes of each piece are as large as the threshold."""
    equal = _read(starts, lengths, whole, bits, size) == threshold
    tl.store(counts + tl.program_id(0), tl.sum(equal.to(tl.int32)).to(tl.int64))


@_kernel
def _cut(  # type: ignore[no-untyped-def]
    starts, flags, lengths, threshold, ties,
    zero: tl.constexpr, whole: tl.constexpr, bits: tl.constexpr, size: tl.constexpr,
):  # fmt: skip
    """Write which weights of a piece are kept; with `zero`, make the others 0."""
    piece, places = tl.program_id(0), tl.arange(0, size)
    inside = places < tl.load(lengths + piece)
    start = tl.load(starts + piece).to(tl.pointer_type(whole))
    weights = tl.load(start + places, mask=inside, other=0)
    magnitudes = _magnitudes(weights, inside, bits)
    equal = magnitudes == threshold
    rank = tl.cumsum(equal.to(tl.int32), 0)
    kept = (magnitudes > threshold) | (equal & (rank > tl.load(ties + piece)))
    tl.store(
        tl.load(flags + piece).to(tl.pointer_type(tl.int8)) + places, kept.to(tl.int8), mask=inside
    )
    if zero:
        tl.store(start + places, tl.where(kept, weights, 0), mask=inside)


@_kernel
def _differ(starts, others, lengths, owners, numbers, paired: tl.constexpr, size: tl.constexpr):  # type: ignore[no-untyped-def]
    """Add to its owner's number how many flags of a piece are 1, or differ from the others."""
    piece, places = tl.program_id(0), tl.arange(0, size)
    inside = places < tl.load(lengths + piece)
    flags = tl.load(
        tl.load(starts + piece).to(tl.pointer_type(tl.int8)) + places, mask=inside, other=0
    )
    if paired:
        flags ^= tl.load(
            tl.load(others + piece).to(tl.pointer_type(tl.int8)) + places, mask=inside, other=0
        )
    tl.atomic_add(numbers + tl.load(owners + piece), tl.sum(flags.to(tl.int32)).to(tl.int64))
