"""Memory that a training frees is what its next update asks for: the C library keeps it.

By default glibc takes a block of a few MB from the system each time, which gives it page by page,
zeroed: several thousand faults an update, a twentieth of its time. What is computed does not
change.
"""

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2
"""What `mallopt` calls its parameters (malloc.h)."""
LARGEST = 32 << 20
"""Blocks of more bytes are the system's in any case: glibc allows no more."""
TRAINING = {MMAP_THRESHOLD: LARGEST, TRIM_THRESHOLD: (1 << 31) - 1, TOP_PAD: 64 << 20}
USUAL = {MMAP_THRESHOLD: LARGEST, TRIM_THRESHOLD: 2 * LARGEST, TOP_PAD: 0}
"""What glibc comes to by itself once it has freed a block of that size."""


@contextmanager
def kept() -> Iterator[None]:
    """Within, what is freed stays the process's, until `give_back`. Elsewhere than with glibc,
    nothing changes.
    """
    _tell(TRAINING)
    try:
        yield
    finally:
        _tell(USUAL)
        give_back()


def give_back() -> None:
    """Give what is free to the system: after a validation, whose batches are larger than the
    training's.
    """
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _tell(values: Mapping[int, int]) -> None:
    tell = _function("mallopt")
    if tell is not None:
        for parameter, value in values.items():
            tell(parameter, value)


def _function(name: str) -> Callable[..., Any] | None:
    return getattr(ctypes.CDLL(None), name, None)
