"""The threshold of a whole pool in one read, and the prune in one more: float32 on the CPU.

Sorting 85 million magnitudes to find the one in the middle is wasteful: nearly all of them are obviously above or
below it. So a window of magnitudes is guessed that holds the threshold with near certainty; one pass over the pool
counts what lies below it and gathers the few that lie inside; the threshold is then found among those, exactly. If
the guess was wrong the counts say so, and `selection` finds the threshold the slow way; a guess costs time, never
exactness.

The passes are loops that numba compiles. They run on chunks of the pool in as many threads as torch has, release the
GIL, and only add whole numbers, so the result has the same bits for any number of threads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Bits = NDArray[np.uint32]

CHUNK = 1 << 18
"""Weights in a piece of work: 1 MB, which stays in a core's cache."""
SAMPLES = 1 << 18
MARGIN = 6.0
"""Half of the window's width, in standard deviations of a sample quantile."""
MAGNITUDE = np.uint32(0x7FFFFFFF)
INFINITY = np.uint32(0x7F800000)


class Window(NamedTuple):
    """Magnitudes from `low` up to but without `high`, as the bit patterns of float32."""

    low: int
    high: int


class Counted(NamedTuple):
    """One chunk seen through a window."""

    below: int
    nans: int
    inside: Bits
    """Magnitudes inside the window, in order of position."""


class Found(NamedTuple):
    """A threshold: what is smaller than `bits` is pruned, and the first `ties[c]` of those equal to it in chunk c."""

    bits: int
    ties: list[int]


def suits(pool: Mapping[str, Tensor]) -> bool:
    """Whether all tensors of a pool are what this module is for."""
    return all(
        tensor.dtype == torch.float32 and tensor.device.type == "cpu" and tensor.is_contiguous()
        for tensor in pool.values()
    )


def chunks_of(pool: Mapping[str, Tensor]) -> list[Bits]:
    """The pool's memory as pieces of at most `CHUNK` bit patterns, in order; nothing is copied."""
    return [
        flat[start : start + CHUNK]
        for tensor in pool.values()
        for flat in (tensor.detach().view(-1).numpy().view(np.uint32),)
        for start in range(0, len(flat), CHUNK)
    ]


def guess_window(chunks: Sequence[Bits], pruned: int) -> Window:
    """A window that holds the `pruned`-th smallest magnitude, judging from evenly spread samples.

    The q-quantile of m samples has a standard deviation of √(q (1 − q) / m) in rank; weights that lie near each
    other are alike in size, which `MARGIN` allows for.
    """
    total = sum(map(len, chunks))
    stride = max(1, total // SAMPLES)
    samples = np.sort(np.concatenate([chunk[stride // 2 :: stride] for chunk in chunks]) & MAGNITUDE)
    if not len(samples):
        return Window(0, int(INFINITY) + 1)
    quantile = pruned / total
    reach = MARGIN * np.sqrt(quantile * (1 - quantile) / len(samples)) + 1 / len(samples)
    first, last = (quantile + np.array([-reach, reach])) * len(samples)
    low = 0 if first < 0 else int(samples[int(first)])
    high = int(INFINITY) + 1 if last >= len(samples) else int(samples[int(last)]) + 1
    return Window(low, high)


def find(chunks: Sequence[Bits], pruned: int, window: Window) -> Found | None:
    """The exact threshold below and at which `pruned` weights lie; None when it is not inside the window.

    Reads the pool once. NaN in the pool, which has no rank, gives None too.
    """
    counted = list(_in_threads(lambda chunk: _count(chunk, window), chunks))
    rank = pruned - sum(one.below for one in counted)
    inside = np.concatenate([one.inside for one in counted])
    if not 0 < rank <= len(inside) or any(one.nans for one in counted):
        return None
    bits = int(np.partition(inside, rank - 1)[rank - 1])
    left = rank - int(np.count_nonzero(inside < bits))
    ties = []
    for one in counted:
        ties.append(min(left, int(np.count_nonzero(one.inside == bits))))
        left -= ties[-1]
    return Found(bits, ties)


def _count(chunk: Bits, window: Window) -> Counted:
    inside = np.empty(len(chunk), np.uint32)
    width = np.uint32(window.high - window.low)
    below, nans, size = _count_and_gather(chunk, np.uint32(window.low), width, inside)
    return Counted(below, nans, inside[:size].copy())


def keep(pool: Mapping[str, Tensor], chunks: Sequence[Bits], found: Found, *, zero: bool) -> dict[str, Tensor]:
    """Return the mask of a threshold, True where a weight is kept, and with `zero` write zeros where not."""
    kept = {name: torch.empty(tensor.shape, dtype=torch.bool) for name, tensor in pool.items()}
    masks = [
        flat[start : start + CHUNK]
        for tensor in kept.values()
        for flat in (tensor.view(-1).numpy(),)
        for start in range(0, len(flat), CHUNK)
    ]
    bits = np.uint32(found.bits)
    work = list(zip(chunks, masks, found.ties, strict=True))
    for _ in _in_threads(lambda one: _cut(one[0], bits, one[2], one[1], zero), work):
        pass
    return kept


def _in_threads[A, B](function: Callable[[A], B], items: Sequence[A]) -> Iterator[B]:
    threads = min(torch.get_num_threads(), len(items))
    if threads <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(function, items)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True, boundscheck=False)(function)
    return made


BLOCK = 64


@_compiled
def _count_and_gather(chunk, low, width, inside):  # type: ignore[no-untyped-def]
    """Count the magnitudes below `low` and the NaNs, gather those less than `width` above `low`; return the numbers."""
    below, nans, size, total = 0, 0, 0, len(chunk)
    for start in range(0, total, BLOCK):
        stop = min(start + BLOCK, total)
        # No branches here: the three counts are vector code.
        smaller, broken, hits = np.uint32(0), np.uint32(0), np.uint32(0)
        for place in range(start, stop):
            magnitude = np.uint32(chunk[place] & MAGNITUDE)
            smaller = np.uint32(smaller + (magnitude < low))
            broken = np.uint32(broken + (magnitude > INFINITY))
            hits = np.uint32(hits + (np.uint32(magnitude - low) < width))
        below += int(smaller)
        nans += int(broken)
        if hits:
            for place in range(start, stop):
                magnitude = chunk[place] & MAGNITUDE
                if np.uint32(magnitude - low) < width:
                    inside[size] = magnitude
                    size += 1
    return below, nans, size


@_compiled
def _cut(chunk, bits, ties, kept, zero):  # type: ignore[no-untyped-def]
    """Write which weights of a chunk are kept; with `zero`, make the others 0."""
    for place in range(len(chunk)):
        kept[place] = (chunk[place] & MAGNITUDE) >= bits
    place = 0
    while ties > 0:
        if chunk[place] & MAGNITUDE == bits:
            kept[place] = False
            ties -= 1
        place += 1
    if zero:
        for place in range(len(chunk)):
            chunk[place] = chunk[place] if kept[place] else np.uint32(0)
