"""Where a recording is that a list names."""

import unicodedata
from pathlib import Path

import pytest

from parp_espnet.corpora.listed import listed
from parp_espnet.sound.errors import missing

NAME = "canción 1.wav"


@pytest.mark.parametrize(
    "written",
    [
        NAME,
        NAME.upper(),
        "canción 1",
        "wavs/canción 1.wav",
        "wavs\\Canción 1.WAV",
        unicodedata.normalize("NFD", NAME),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_as_another_system_shows_it(tmp_path: Path, written: str, form: str) -> None:
    path = tmp_path / "wavs" / unicodedata.normalize(form, NAME)
    path.parent.mkdir()
    path.write_bytes(b"x")
    assert listed(tmp_path, written) == str(path.resolve())


def test_of_two_that_differ_in_capitals_none_is_guessed(tmp_path: Path) -> None:
    for name in ("A1.wav", "a1.wav"):
        (tmp_path / name).write_bytes(b"x")
    assert listed(tmp_path, "a1.wav") == str(tmp_path / "a1.wav")
    assert listed(tmp_path, "a1.WAV") == str(tmp_path / "a1.WAV")


@pytest.mark.parametrize("address", ["https://x.org/1.wav", "s3://bucket/1.wav"])
def test_an_address_is_no_path(tmp_path: Path, address: str) -> None:
    assert missing(listed(tmp_path, address), "none").advice.startswith(
        "it is an address: download the recordings"
    )
