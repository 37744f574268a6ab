"""Recordings that we write: wav of 16 bits, mono."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from parp_espnet.files import atomic_write


def write_wav(
    path: Path, samples: NDArray[np.int16] | NDArray[np.float32], rate: int, sync: bool = True
) -> None:
    """Write samples, (n,), of 16 bits or in [-1, 1]; the file is either complete or absent.

    Not libsndfile: it calls a full disk a "System error", and Ctrl-C within it is lost or an
    assertion's. Python's `wave` has a finaliser, which fails when Ctrl-C comes before the header.
    Raises `UserError` when the disk is full.

    Args:
        sync: wait until it is on the disk. That takes longer than to make it, and whoever makes all
            again after a loss of power can do without.
    """
    # To 32 bits and their upper half, as libsndfile does it.
    if samples.dtype != np.int16:
        samples = np.minimum(np.rint(samples * 2.0**31).astype(np.int64) >> 16, 2**15 - 1)
    whole = io.BytesIO()
    wavfile.write(whole, rate, samples.astype("<i2"))
    with atomic_write(path, sync) as temporary:
        # A copy: Python 3.12.1 crashes when it collects a buffer's view that a failed write has
        # left in a traceback.
        temporary.write_bytes(whole.getvalue())
