"""What a recording sounds like every few milliseconds, whatever a model makes of it: mel cepstra.

They are computed as the recording is decoded, and are all that is kept of its samples.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from parp_espnet.recognition.grid import RATE, Grid

STEP = 80
"""Samples from one to the next: 5 ms."""
WIDTH = 256
"""Samples that each is of."""
BANDS = 26
COUNT = 13
MOST = 4096
"""Cepstra, or frames, that are computed at once, so that what is long takes no more memory."""
FLOOR = 1e-6
"""Added to the energy of each band, so that digital silence is no quieter than a quiet room."""

QUIET = 0.25
"""A spectrum is quiet if its level is in this part of the way from the quietest to the loudest ones
of the recording.
"""
FLAT = 12.0
"""Decibels between these; where there are fewer, nothing is quiet."""

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]


class Spectra:
    """Cepstra of a recording that comes in blocks; number i is of what is around i·`STEP`."""

    def __init__(self) -> None:
        # The first ones see silence before the recording.
        self._left = np.zeros(WIDTH // 2, np.float32)
        self._parts: list[Rows] = []

    def through(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks that come, once they have been looked at."""
        for block in blocks:
            self.add(block)
            yield block

    def add(self, block: Samples) -> None:
        """Take the next samples at 16 kHz, (samples,)."""
        samples = np.concatenate([self._left, block])
        count = max(0, (len(samples) - WIDTH) // STEP + 1)
        for first in range(0, count, MOST):
            some = samples[first * STEP :]
            self._parts.append(_cepstra(some, min(MOST, count - first)))
        self._left = samples[count * STEP :].astype(np.float32)

    def rows(self) -> Rows:
        """Return the cepstra of all that was added, (spectra, `COUNT`), each coefficient as far
        from its mean as is usual in the recording; the first one is the level.
        """
        rows = self._all()
        if len(rows) == 0:
            return rows
        rows -= rows.mean(0)
        rows /= np.maximum(rows.std(0), 1e-3)
        return rows

    def quiet(self) -> NDArray[np.bool_]:
        """Return which of them are quiet, (spectra,)."""
        # The mean of the bands' natural logarithms, in decibels.
        levels = self._levels() / BANDS * 10 / np.log(10)
        if len(levels) == 0:
            return np.zeros(0, bool)
        low, high = np.percentile(levels, [5, 95])
        if high - low < FLAT:
            return np.zeros(len(levels), bool)
        flags: NDArray[np.bool_] = levels <= low + QUIET * (high - low)
        return flags

    def _levels(self) -> NDArray[np.float32]:
        return np.concatenate([np.zeros(0, np.float32), *(part[:, 0] for part in self._parts)])

    def _all(self) -> Rows:
        return np.concatenate([np.zeros((0, COUNT), np.float32), *self._parts])


def spectrum_in(grid: Grid, frame: int) -> int:
    """Return the spectrum in the middle of a frame."""
    return round((frame * grid.stride + grid.field / 2) / STEP)


def _cepstra(samples: Samples, count: int) -> Rows:
    places = np.arange(count)[:, None] * STEP + np.arange(WIDTH)
    powers = np.abs(np.fft.rfft(samples[places] * WINDOW)) ** 2
    levels = np.log(powers @ MELS.T + FLOOR)
    made: Rows = (levels @ COSINES.T).astype(np.float32)
    return made


def _mel_bands() -> NDArray[np.float64]:
    """Triangles on the mel scale, (`BANDS`, frequencies)."""
    edges = np.linspace(_mel(60.0), _mel(RATE / 2), BANDS + 2)
    mels = _mel(np.fft.rfftfreq(WIDTH, 1 / RATE))
    rising = (mels - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - mels) / np.diff(edges)[1:, None]
    return np.maximum(0.0, np.minimum(rising, falling))


def _mel(frequency: float | NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(2595 * np.log10(1 + np.asarray(frequency) / 700))


WINDOW = np.hanning(WIDTH)
MELS = _mel_bands()
COSINES = np.cos(np.pi / BANDS * np.arange(COUNT)[:, None] * (np.arange(BANDS) + 0.5))
