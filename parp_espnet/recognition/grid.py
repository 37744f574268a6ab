"""Where the frames of a model are in time."""

from collections.abc import Iterable
from dataclasses import dataclass

RATE = 16000


@dataclass(frozen=True)
class Grid:
    """Frame i of an upstream sees `field` samples from sample i·`stride` on; wav2vec 2.0's numbers
    by default.
    """

    stride: int = 320
    field: int = 400

    def begin(self, frame: int) -> float:
        """Return where a frame begins, in seconds, if it is the middle `stride` samples of what it
        sees.
        """
        return (frame * self.stride + (self.field - self.stride) / 2) / RATE


def grid_of_convolutions(kernels: Iterable[int], strides: Iterable[int]) -> Grid:
    """Return where the frames are that a stack of convolutions makes."""
    stride, field = 1, 1
    for width, step in zip(kernels, strides, strict=True):
        field += (width - 1) * stride
        stride *= step
    return Grid(stride, field)
