"""Recordings that we write: wav of 16 bits, mono."""

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from parp_espnet.files import atomic_write


def write_wav(path: Path, samples: NDArray[np.int16] | NDArray[np.float32], rate: int, sync: bool = True) -> None:
    """Write samples, (n,), of 16 bits or in [-1, 1]; the file is either complete or absent.

    libsndfile calls a full disk a "System error", so that the bytes are Python's to write. Raises `UserError` when the
    disk is full.

    Args:
        sync: wait until it is on the disk. That takes longer than to make it, and whoever makes all again after a loss
            of power can do without.
    """
    wav = io.BytesIO()
    soundfile.write(wav, samples, rate, subtype="PCM_16", format="WAV")
    with atomic_write(path, sync) as temporary:
        # A copy: Python 3.12.1 crashes when it collects a buffer's view that a failed write has left in a traceback.
        temporary.write_bytes(wav.getvalue())
