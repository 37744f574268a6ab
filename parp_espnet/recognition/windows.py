"""Long recordings in overlapping windows, whose frames are joined to those of the whole.

Windows begin at multiples of the upstream's stride, so that all frames are on one grid. Of two
windows, the later one's frames are taken from a seam on: the middle of the longest stretch of the
overlap in which both have the same labels.
There it makes no difference whose frame is taken, and since runs of a label become a phone only
after joining, a phone at the seam is neither lost nor doubled.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def cut(samples: int, window: int, overlap: int, stride: int) -> list[tuple[int, int]]:
    """Return (begin, end) of windows of about equal length, in samples; one where all fit into one.

    Args:
        window: the longest that one may be, above `overlap` by two strides or more.
        overlap: what two of them share.
        stride: windows begin at its multiples.
    """
    if samples <= window:
        return [(0, samples)]
    longest = (window - overlap - stride) // stride * stride
    count = -(-(samples - overlap) // longest)
    begins = [number * (samples - overlap) // count // stride * stride for number in range(count)]
    return list(zip(begins, [*(begin + overlap for begin in begins[1:]), samples], strict=True))


def join(parts: Sequence[tuple[int, Labels]]) -> Labels:
    """Return the labels of all frames, from those of windows: (number of its first frame, its
    labels) each.
    """
    return join_rows([(first, labels, labels) for first, labels in parts])[0]


def join_rows[T: NDArray[np.generic]](parts: Sequence[tuple[int, Labels, T]]) -> tuple[Labels, T]:
    """The same, with a row of something for each frame, (frames, …), that goes with its label."""
    (_, joined, rows), *others = parts
    for first, labels, more in others:
        shared = len(joined) - first
        if shared <= 0:
            raise ValueError(
                f"a window begins at frame {first}, and the one before ends at {len(joined)}"
            )
        seam = _seam(joined[first:], labels[:shared])
        joined = np.concatenate([joined[: first + seam], labels[seam:]])
        rows = np.concatenate([rows[: first + seam], more[seam:]])  # type: ignore[assignment]
    return joined, rows


def _seam(left: Labels, right: Labels) -> int:
    """Return the middle of the longest stretch of equal labels, that nearest to the middle if there
    are several.
    """
    size = min(len(left), len(right))
    edges = np.flatnonzero(
        np.diff(np.concatenate([[False], left[:size] == right[:size], [False]]).astype(np.int8))
    )
    begins, ends = edges[::2], edges[1::2]
    if len(begins) == 0:
        return size // 2
    middles = (begins + ends) // 2
    best = np.lexsort((np.abs(middles - size // 2), begins - ends))[0]
    return int(middles[best])
