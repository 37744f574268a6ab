"""Recordings of any kind become 16 kHz mono; what is none is named with its reason."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import RATE, Failure, Source, find, read
from parp_espnet.sound import stream
from parp_espnet.sound.reader import seconds_by_header

SECONDS = 1.5
KINDS = [
    ("a.wav", 8000, 2),
    ("a.flac", 44100, 1),
    ("a.mp3", 44100, 2),
    ("a.ogg", 48000, 1),
    ("a.wav", 16000, 1),
]


def tone(rate: int, channels: int) -> np.ndarray:
    """A tone of 440 Hz at 0.5; in stereo, of 0.75 and 0.25."""
    wave = np.sin(2 * np.pi * 440 * np.arange(round(SECONDS * rate)) / rate)
    return wave[:, None] * (np.array([0.5]) if channels == 1 else np.array([0.75, 0.25]))


@pytest.mark.parametrize(("name", "rate", "channels"), KINDS)
def test_any_kind(tmp_path: Path, name: str, rate: int, channels: int):
    soundfile.write(tmp_path / name, tone(rate, channels), rate)
    found = read(tmp_path / name)
    assert found.dtype == np.float32
    assert seconds_by_header(tmp_path / name) == pytest.approx(SECONDS, abs=0.06)
    # A lossy coder may add a few hundredths of silence.
    assert len(found) == pytest.approx(
        SECONDS * RATE, abs=1 if rate != 44100 or name == "a.flac" else 1000
    )
    inner = found[RATE // 10 : -RATE // 10]
    assert np.sqrt((inner**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
    loudest = np.argmax(np.abs(np.fft.rfft(inner * np.hanning(len(inner)))))
    assert loudest * RATE / len(inner) == pytest.approx(440, abs=1)


def test_blocks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    soundfile.write(tmp_path / "a.wav", tone(44100, 2), 44100)
    whole = read(tmp_path / "a.wav")
    monkeypatch.setattr(stream, "BLOCK", 1000)
    np.testing.assert_allclose(read(tmp_path / "a.wav"), whole, atol=1e-5)


def test_what_is_no_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_ffmpeg: None):
    reasons = {
        "none.wav": "expected a file, found none",
        "empty.wav": "expected a recording, found 0 bytes",
        "words.wav": "expected what libsndfile decodes, found Format not recognised; if it is "
        "sound, an ffmpeg",
        "words.raw": "expected what libsndfile decodes",
        "silent.wav": "expected samples, found a header and none",
        "odd.wav": "found NaN",
    }
    (tmp_path / "empty.wav").touch()
    for name in ("words.wav", "words.raw", "words.mp3"):
        (tmp_path / name).write_text("these are words\n")
    soundfile.write(tmp_path / "silent.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "odd.wav", np.array([0.0, np.nan]), RATE, subtype="FLOAT")
    for name, reason in reasons.items():
        with pytest.raises(UserError, match=rf"{name}: .*{reason}") as error:
            read(tmp_path / name)
        assert "\n" not in str(error.value)
        assert name in ("silent.wav", "odd.wav") or seconds_by_header(tmp_path / name) == 0
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "…"})
    with pytest.raises(
        UserError,
        match=r"words\.mp3: .* libsndfile \([\d.]+\) decodes no mp3, and there is no ffmpeg",
    ):
        read(tmp_path / "words.mp3")


def test_a_recording_that_is_cut_off(tmp_path: Path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.flac", 0.1 * rng.standard_normal(RATE * 4), RATE)
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:60000])
    with pytest.raises(UserError, match=r"a\.flac: "):
        read(tmp_path / "a.flac")


def test_directories(tmp_path: Path):
    for name in ("b/two.FLAC", "a.wav", "b/c/three.m4a", "notes.txt", "b/._two.FLAC"):
        (tmp_path / "field" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "field" / name).touch()
    (tmp_path / "nothing").mkdir()
    single = tmp_path / "field/notes.txt"
    *found, nothing = find([single, tmp_path / "field", tmp_path / "nothing"])
    below = [Path("a.wav"), Path("b/c/three.m4a"), Path("b/two.FLAC")]
    assert found == [
        Source(single, Path("notes.txt")),
        *(Source(tmp_path / "field" / name, name) for name in below),
    ]
    assert isinstance(nothing, Failure)
    assert str(nothing).startswith(
        f"{tmp_path}/nothing: expected audio files in it, found none (.wav .flac"
    )


def test_links_to_directories_are_followed(tmp_path: Path) -> None:
    field, day = tmp_path / "field", tmp_path / "disk/day"
    (day / "late").mkdir(parents=True)
    field.mkdir()
    for file in (field / "a.wav", day / "b.wav", day / "late/c.wav"):
        file.touch()
    (field / "day").symlink_to(day)
    (field / "again.wav").symlink_to(day / "b.wav")
    (field / "gone.wav").symlink_to(day / "nothing.wav")
    # Neither ends anywhere.
    (day / "up").symlink_to(field)
    (day / "late/self").symlink_to(".")
    names = ["a.wav", "again.wav", "day/b.wav", "day/late/c.wav"]
    assert find([field]) == [Source(field / name, Path(name)) for name in names]


def test_what_systems_leave_is_nobodys_recording(tmp_path: Path) -> None:
    """Such as what somebody has thrown away; a folder that is given is one whatever its name."""
    field = tmp_path / ".field"
    names = (".Trash-1000/files", "$RECYCLE.BIN/S-1", "a/.hidden/b", "__MACOSX", "System.Volume")
    for name in names:
        (field / name).mkdir(parents=True)
        (field / name / "old.wav").touch()
    assert find([field]) == [Source(field / "System.Volume/old.wav", Path("System.Volume/old.wav"))]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads any directory")
def test_a_directory_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0)
    found = find([tmp_path])
    (tmp_path / "closed").chmod(0o700)
    assert found[0] == Source(tmp_path / "a.wav", Path("a.wav"))
    assert found[1] == Failure(tmp_path / "closed", "cannot be read (Permission denied)")
