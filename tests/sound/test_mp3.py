"""How much later an mp3 begins in Praat; the numbers are measured, by Praat 6.4 as parselmouth
0.4.7 has it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from parp_espnet.sound.mp3 import lead_in_praat

NOISE = np.random.default_rng(0).uniform(-0.1, 0.1, 4000).astype(np.float32)


@pytest.mark.parametrize(
    ("rate", "milliseconds"),
    [
        (8000, 132.0),
        (16000, 66.0),
        (22050, 47.89),
        (24000, 44.0),
        (32000, 51.0),
        (44100, 37.01),
        (48000, 34.0),
    ],
)
def test_how_much_later(ffmpeg: Callable[..., Path], rate: int, milliseconds: float) -> None:
    for options in (
        ["-b:a", "64k"],
        ["-q:a", "4"],
        ["-id3v2_version", "0"],
        ["-metadata", "title=" + "x" * 300],
    ):
        path = ffmpeg("a.mp3", NOISE, rate, *options)
        assert 1000 * lead_in_praat(path) == pytest.approx(milliseconds, abs=0.01)
    path = ffmpeg("b.mp3", NOISE, rate, "-write_xing", "0")
    assert lead_in_praat(path) == pytest.approx(-96 / rate)


def test_what_is_no_mp3(ffmpeg: Callable[..., Path], tmp_path: Path) -> None:
    assert lead_in_praat(ffmpeg("a.m4a", NOISE, 16000)) == 0
    assert lead_in_praat(ffmpeg("a.aac", NOISE, 16000)) == 0
    (tmp_path / "empty.mp3").touch()
    assert lead_in_praat(tmp_path / "empty.mp3") == 0
