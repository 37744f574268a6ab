import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.sound.wav import write_wav

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "samples",
    [
        RNG.integers(-(2**15), 2**15, 1000, np.int16),
        np.clip(RNG.standard_normal(1000), -1, 1).astype(np.float32),
        np.float32([-1, 1, 0, 1e-9, -1e-9, 2**-15, -(2**-16)]),
        RNG.uniform(-1, 1, 1000),
        np.zeros(0, np.int16),
    ],
    ids=["int16", "clipped", "edges", "float64", "empty"],
)
def test_the_bytes_are_libsndfiles(tmp_path: Path, samples) -> None:
    expected = io.BytesIO()
    soundfile.write(expected, samples, 8000, subtype="PCM_16", format="WAV")
    write_wav(tmp_path / "x.wav", samples, 8000)
    assert (tmp_path / "x.wav").read_bytes() == expected.getvalue()
