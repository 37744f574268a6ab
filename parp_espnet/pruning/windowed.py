"""The threshold of a whole pool in one read, and the prune in one more: float32 on the CPU.

Sorting 85 million magnitudes to find the one in the middle is wasteful: nearly all of them are
obviously above or below it. So a window of magnitudes is guessed that holds the threshold with near
certainty; one pass over the pool counts what lies below it and gathers the few that lie inside; the
threshold is then found among those, exactly. If the guess was wrong the counts say so, a wider
window is tried, and after that `selection` finds the threshold the slow way; a guess costs time,
never exactness.

The passes are loops that numba compiles. They run on chunks of the pool in as many threads as torch
has, release the GIL, and only add whole numbers, so the result has the same bits for any number of
threads.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from parp_espnet.pruning import loops
from parp_espnet.pruning.loops import MAGNITUDE

Bits = NDArray[np.int32]
"""The bit patterns of float32. Without their signs they are in the order of the numbers, as signed
integers too.
"""

CHUNK = 1 << 18
"""Weights in a piece of work: 1 MB, which stays in a core's cache."""
LINE = 16
"""Weights that lie in one line of the cache, and are sampled together."""
SAMPLING = 8.0
"""Of N weights SAMPLING · N^(2/3) are sampled: m samples cost time ∝ m, a window made of them ∝ N /
√m.
"""
MARGINS = (3.0, 40.0)
"""Half of a window's width, in standard deviations of a sample quantile: the first guess, and one
that hardly fails.
"""
INFINITY = np.int32(0x7F800000)


class Window(NamedTuple):
    """Magnitudes from `low` up to but without `high`, as the bit patterns of float32."""

    low: int
    high: int


class Counted(NamedTuple):
    """One chunk seen through a window."""

    below: int
    inside: Bits
    """Magnitudes inside the window, in order of position."""
    largest: int


class Found(NamedTuple):
    """A threshold: what is smaller than `bits` is pruned, and the first `ties[c]` of those equal to
    it in chunk c.
    """

    bits: int
    ties: list[int]


def suits(pool: Mapping[str, Tensor]) -> bool:
    """Whether all tensors of a pool are what this module is for."""
    return all(map(_suits, pool.values()))


def _suits(tensor: Tensor) -> bool:
    is_of_cpu = tensor.dtype == torch.float32 and tensor.device.type == "cpu"
    return is_of_cpu and tensor.is_contiguous()


def chunks_of(pool: Mapping[str, Tensor]) -> list[Bits]:
    """The pool's memory as pieces of at most `CHUNK` bit patterns, in order; nothing is copied."""
    return _pieces(tensor.detach().view(-1).numpy().view(np.int32) for tensor in pool.values())


def _pieces[T: np.generic](arrays: Iterable[NDArray[T]]) -> list[NDArray[T]]:
    pieces: list[NDArray[T]] = []
    for array in arrays:
        pieces += [array[start : start + CHUNK] for start in range(0, len(array), CHUNK)]
    return pieces


def threshold(chunks: Sequence[Bits], pruned: int) -> Found | None:
    """The exact threshold below and at which `pruned` weights lie; None when it was in no window
    that was guessed.
    """
    for window in guess_windows(chunks, pruned):
        cut = find(chunks, pruned, window)
        if cut is not None:
            return cut
    return None


def guess_windows(chunks: Sequence[Bits], pruned: int) -> Iterator[Window]:
    """Windows that hold the `pruned`-th smallest magnitude, ever more certainly, judging from
    evenly spread samples.

    The q-quantile of m samples has a standard deviation of √(q (1 − q) / m) in rank, and a larger
    one as far as weights that lie near each other are alike in size. Which is why there is more
    than one of `MARGINS`.
    """
    total = sum(map(len, chunks))
    stride = max(1, round(total ** (1 / 3) / SAMPLING))
    samples = _sample(chunks, stride) & MAGNITUDE
    quantile = pruned / total
    for margin in MARGINS:
        reach = margin * np.sqrt(quantile * (1 - quantile) / len(samples)) + 1 / len(samples)
        first, last = (int((quantile + side) * len(samples)) for side in (-reach, reach))
        if inside := [rank for rank in (first, last) if 0 <= rank < len(samples)]:
            samples.partition(inside)  # a fifth of the time that sorting takes
        low = int(samples[first]) if first >= 0 else 0
        high = int(samples[last]) + 1 if last < len(samples) else int(INFINITY) + 1
        yield Window(low, high)


def _sample(chunks: Sequence[Bits], stride: int) -> Bits:
    """One line in `stride` of every chunk, and of chunks that are shorter one weight in `stride`,
    at least one.
    """
    samples = []
    for chunk in chunks:
        lines = chunk[: len(chunk) // LINE * LINE].reshape(-1, LINE)
        samples.append(
            lines[stride // 2 :: stride].ravel() if len(lines) > stride else chunk[::stride]
        )
    return np.concatenate(samples)


def find(chunks: Sequence[Bits], pruned: int, window: Window) -> Found | None:
    """The exact threshold below and at which `pruned` weights lie; None when it is not inside the
    window.

    Reads the pool once. NaN in the pool, which has no rank, gives None too.
    """
    counted = list(_in_threads(lambda chunk: _count(chunk, window), chunks))
    rank = pruned - sum(chunk.below for chunk in counted)
    inside = np.concatenate([chunk.inside for chunk in counted])
    if not 0 < rank <= len(inside) or any(chunk.largest > INFINITY for chunk in counted):
        return None
    bits = int(np.partition(inside, rank - 1)[rank - 1])
    left = rank - int(np.count_nonzero(inside < bits))
    ties = []
    for chunk in counted:
        ties.append(min(left, int(np.count_nonzero(chunk.inside == bits))))
        left -= ties[-1]
    return Found(bits, ties)


def _count(chunk: Bits, window: Window) -> Counted:
    inside = np.empty(len(chunk), np.int32)
    below, size, largest = loops.count_and_gather(
        chunk, np.int32(window.low), np.int32(window.high), inside
    )
    return Counted(below, inside[:size].copy(), largest)


def keep(
    pool: Mapping[str, Tensor], chunks: Sequence[Bits], cut: Found, *, zero: bool
) -> dict[str, Tensor]:
    """Return the mask of a threshold, True where a weight is kept, and with `zero` write zeros
    where not.
    """
    kept = _new_mask(pool)
    bits = np.int32(cut.bits)

    def cut_chunk(item: tuple[Bits, NDArray[np.int8], int]) -> None:
        chunk, flags, ties = item
        loops.cut(chunk, bits, ties, flags, zero)

    work = list(zip(chunks, _flags_of(kept), cut.ties, strict=True))
    for _ in _in_threads(cut_chunk, work):
        pass
    return kept


def _new_mask(pool: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # In one piece, of which NumPy asks for huge pages: to get it in small ones takes longer than to
    # fill it.
    flat = torch.from_numpy(np.empty(sum(tensor.numel() for tensor in pool.values()), np.bool_))
    kept, start = {}, 0
    for name, tensor in pool.items():
        kept[name] = flat[start : start + tensor.numel()].view(tensor.shape)
        start += tensor.numel()
    return kept


def zero_(pool: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> None:
    """Write zeros, in place, where `kept`, a mask on the CPU, is False.

    Raises:
        ValueError: a tensor of the mask has another shape; compiled code would read beyond its end.
    """
    _check_shapes(pool, kept)
    flags = _flags_of({name: kept[name].contiguous() for name in pool})
    work = list(zip(chunks_of(pool), flags, strict=True))
    for _ in _in_threads(lambda item: loops.zero(*item), work):
        pass


def show_(
    pool: Mapping[str, Tensor], weights: Mapping[str, Tensor], kept: Mapping[str, Tensor]
) -> None:
    """Write these weights, in place, where `kept` is True, and zeros where not.

    Raises:
        ValueError: as `zero_` does.
    """
    _check_shapes(pool, kept)
    _check_shapes(pool, weights)
    shown = chunks_of({name: weights[name] for name in pool})
    flags = _flags_of({name: kept[name].contiguous() for name in pool})
    work = list(zip(shown, flags, chunks_of(pool), strict=True))
    for _ in _in_threads(lambda item: loops.show(*item), work):
        pass


def _check_shapes(pool: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> None:
    for name, tensor in pool.items():
        if others[name].shape != tensor.shape:
            raise ValueError(
                f"{name}: expected a mask of {tuple(tensor.shape)}, found "
                f"{tuple(others[name].shape)}"
            )


def _flags_of(kept: Mapping[str, Tensor]) -> list[NDArray[np.int8]]:
    """A mask's memory, 1 where a weight is kept, in the pieces of `chunks_of`."""
    return _pieces(tensor.view(-1).numpy().view(np.int8) for tensor in kept.values())


def _in_threads[A, B](function: Callable[[A], B], items: Sequence[A]) -> Iterator[B]:
    threads = min(torch.get_num_threads(), len(items))
    if threads <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(function, items)
