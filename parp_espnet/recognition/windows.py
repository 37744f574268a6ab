"""Long recordings in overlapping windows, whose frames are joined to those of the whole.

Windows (`pieces`) begin at multiples of the upstream's stride, so that all frames are on one grid.
Of two windows, the later one's frames are taken from a seam on: the middle of the longest stretch
of the overlap in which both have the same labels.
There it makes no difference whose frame is taken, and since runs of a label become a phone only
after joining, a phone at the seam is neither lost nor doubled.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def join(parts: Sequence[tuple[int, Labels]]) -> Labels:
    """Return the labels of all frames, from those of windows: (number of its first frame, its
    labels) each.
    """
    return join_rows([(first, labels, labels) for first, labels in parts])[0]


def join_rows[T: NDArray[np.generic]](parts: Sequence[tuple[int, Labels, T]]) -> tuple[Labels, T]:
    """The same, with a row of something for each frame, (frames, …), that goes with its label."""
    kept: list[tuple[Labels, T]] = []
    (at, labels, rows), *others = parts
    for first, next_labels, next_rows in others:
        while first < at and kept:
            before, rows_before = kept.pop()
            at -= len(before)
            labels = np.concatenate([before, labels])
            rows = np.concatenate([rows_before, rows])  # type: ignore[assignment]
        begin = first - at
        shared = len(labels) - begin
        if shared <= 0:
            raise ValueError(
                f"a window begins at frame {first}, and the one before ends at {at + len(labels)}"
            )
        seam = _seam(labels[begin:], next_labels[:shared])
        kept.append((labels[: begin + seam], rows[: begin + seam]))  # type: ignore[arg-type]
        at, labels, rows = first + seam, next_labels[seam:], next_rows[seam:]  # type: ignore[assignment]
    kept.append((labels, rows))
    joined = np.concatenate([part for part, _ in kept])
    return joined, np.concatenate([part for _, part in kept])  # type: ignore[return-value]


def _seam(left: Labels, right: Labels) -> int:
    """Return the middle of the longest stretch of equal labels, that nearest to the middle if there
    are several.
    """
    size = min(len(left), len(right))
    begins, ends = stretches(left[:size] == right[:size])
    if len(begins) == 0:
        return size // 2
    middles = (begins + ends) // 2
    best = np.lexsort((np.abs(middles - size // 2), begins - ends))[0]
    return int(middles[best])


def stretches(flags: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where each stretch of true ones begins, and where it has ended."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]
