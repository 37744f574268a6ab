"""A little sound in any kind of file, and a PATH with and without an ffmpeg."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

Ffmpeg = Callable[..., Path]


@pytest.fixture
def ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ffmpeg:
    """Put an ffmpeg on PATH; what is returned writes samples with it, to a pipe where
    `streamed`.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    for program in ("bash", "cat"):
        (folder / program).symlink_to(shutil.which(program) or program)
    monkeypatch.setenv("PATH", str(folder))

    def written(
        name: str, samples: NDArray[np.float32], rate: int, *options: str, streamed: bool = False
    ) -> Path:
        path = tmp_path / name
        soundfile.write(tmp_path / "given.wav", samples, rate, subtype="FLOAT")
        given = [
            str(folder / "ffmpeg"),
            "-v",
            "error",
            "-y",
            "-i",
            str(tmp_path / "given.wav"),
            *options,
        ]
        if streamed:
            path.write_bytes(
                subprocess.run([*given, "-"], stdout=subprocess.PIPE, check=True).stdout
            )
        else:
            subprocess.run([*given, str(path)], check=True)
        return path

    return written
