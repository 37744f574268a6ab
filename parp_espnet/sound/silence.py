"""Whether a recording is one of nothing, as where a microphone was not connected."""

import numpy as np
from numpy.typing import NDArray

SILENT = 1e-3
"""Samples that differ by less, of a full scale of 1, are silent: 60 dB below it."""


def is_silent(samples: NDArray[np.float32]) -> bool:
    """Whether nothing is heard in samples, of any shape."""
    return not samples.size or float(np.ptp(samples)) < SILENT
