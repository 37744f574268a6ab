"""Errors of begins, and a data directory that they are measured on."""

from pathlib import Path

import numpy as np
import pytest

from parp_espnet.aligning.measured import Errors, draw_borders, read_known
from parp_espnet.errors import UserError


def test_what_is_told_of_errors(tmp_path: Path):
    errors = Errors(np.array([0.01, -0.01, 0.03, 0.0, 0.01]))
    told = errors.summary()
    assert told["median_ms"] == 10
    assert told["bias_ms"] == 10
    assert told["within_20_ms"] == 0.8
    draw_borders({"ours": errors}, tmp_path / "borders.png")
    assert (tmp_path / "borders.png").read_bytes().startswith(b"\x89PNG")


def test_recordings_are_found_beside_their_list(tones: Path, tmp_path: Path):
    known = read_known(tones)
    assert len(known.sources) == 8
    folder = tmp_path / "recipe/dump/raw/test"
    folder.mkdir(parents=True)
    (tmp_path / "recipe/a.wav").write_bytes((tones / "tone-0.wav").read_bytes())
    (folder / "text").write_text("a t\nb t\n")
    (folder / "wav.scp").write_text("a a.wav\n")
    (source,) = read_known(folder).sources
    assert source.path == tmp_path / "recipe/a.wav"
    for listed, said in (
        ("a gone.wav\n", "gone.wav: no such file"),
        ("a sox a.wav - |\n", "expected files, found a command"),
        ("c a.wav\n", "expected recordings with texts, found none"),
    ):
        (folder / "wav.scp").write_text(listed)
        with pytest.raises(UserError, match=said):
            read_known(folder)
    # A whole recording, called as the part of it that has the text.
    (folder / "wav.scp").write_text("a a.wav\n")
    (folder / "segments").write_text("a a 0.1 0.2\n")
    with pytest.raises(UserError, match="expected a recording for each utterance, found parts"):
        read_known(folder)
