"""Loops over weights that numba compiles; see `windowed`, whose passes they are."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

MAGNITUDE = np.int32(0x7FFFFFFF)
"""All bits of a float32 but the sign's."""
LOWEST = np.int32(0x3FC00000)
"""See `ordering`."""


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True, boundscheck=False)(function)
    return made


# In what follows, numbers are cast again and again because numba would widen every sum of two to 64
# bits, which halves what a vector instruction does; and weights are ANDed with all ones or all
# zeros because of a choice between a weight and 0 the compiler makes masked stores, which are slow
# on some machines.
BLOCK = 64
PART = 8


@_compiled
def count_and_gather(chunk, low, high, inside):  # type: ignore[no-untyped-def]
    """Count the magnitudes below `low`, gather those from there to below `high`; return the numbers
    and the largest.
    """
    below, size, largest, total = 0, 0, np.int32(0), len(chunk)
    whole = total - total % BLOCK
    for start in range(0, whole, BLOCK):
        smaller, up_to, top = np.int32(0), np.int32(0), np.int32(0)
        for place in range(start, start + BLOCK):  # no branches: vector code
            magnitude = np.int32(chunk[place] & MAGNITUDE)
            smaller = np.int32(smaller + (magnitude < low))
            up_to = np.int32(up_to + (magnitude < high))
            top = max(top, magnitude)
        below += int(smaller)
        largest = max(largest, top)
        if smaller != up_to:
            for part in range(start, start + BLOCK, PART):
                hits = np.int32(0)
                for place in range(part, part + PART):
                    magnitude = np.int32(chunk[place] & MAGNITUDE)
                    hits = np.int32(hits | ((magnitude >= low) & (magnitude < high)))
                if hits:
                    for place in range(part, part + PART):
                        magnitude = np.int32(chunk[place] & MAGNITUDE)
                        inside[size] = magnitude
                        size += (magnitude >= low) & (magnitude < high)
    for place in range(whole, total):
        magnitude = np.int32(chunk[place] & MAGNITUDE)
        below += magnitude < low
        largest = max(largest, magnitude)
        inside[size] = magnitude
        size += (magnitude >= low) & (magnitude < high)
    return below, size, largest


@_compiled
def cut(chunk, bits, ties, kept, zero):  # type: ignore[no-untyped-def]
    """Write which weights of a chunk are kept; with `zero`, make the others 0."""
    place = 0
    while ties > 0:
        if chunk[place] & MAGNITUDE == bits:
            ties -= 1
        place += 1
    # Up to here, ties are pruned too; after it, they are kept.
    _cut_below(chunk[:place], bits, kept[:place], zero)
    _cut_below(chunk[place:], np.int32(bits - 1), kept[place:], zero)


@_compiled
def _cut_below(chunk, last, kept, zero):  # type: ignore[no-untyped-def]
    """Prune the magnitudes up to and with `last`."""
    if zero:
        for place in range(len(chunk)):
            weight = chunk[place]
            ones = np.int32(np.int32(last - np.int32(weight & MAGNITUDE)) >> 31)
            kept[place] = ones & 1
            chunk[place] = weight & ones
    else:
        for place in range(len(chunk)):
            kept[place] = np.int32(chunk[place] & MAGNITUDE) > last


@_compiled
def zero(chunk, kept):  # type: ignore[no-untyped-def]
    """Make the weights 0 that are not kept."""
    for place in range(len(chunk)):
        chunk[place] = chunk[place] & np.int32(-kept[place])


@_compiled
def order(scores, numbers):  # type: ignore[no-untyped-def]
    """Write bit patterns of numbers from 0 on that are in the order of the scores; see
    `ordering`.
    """
    for place in range(len(scores)):
        bits = scores[place]
        bits = np.int32(bits ^ np.int32(np.int32(bits >> 31) & MAGNITUDE))
        numbers[place] = np.int32(np.int32(bits >> 1) + LOWEST)


@_compiled
def show(weights, kept, chunk):  # type: ignore[no-untyped-def]
    """Write the weights that are kept, and 0 for others."""
    for place in range(len(chunk)):
        chunk[place] = weights[place] & np.int32(-kept[place])
