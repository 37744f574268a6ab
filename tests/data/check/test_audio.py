"""Recordings that are really broken."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from parp_espnet.data.check import audio
from parp_espnet.data.check.audio import hear, hear_all
from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.folder import Part, Recording
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check

RATE = 16000
# Multiples of a step of 16 bits, so that every format has the same samples.
SAMPLES = (np.random.default_rng(0).integers(-3277, 3277, RATE) / 32768).astype(np.float32)

Find = Callable[..., list[tuple[str, str]]]
Make = Callable[..., Path]


def listen(path: Path, *parts: Part) -> audio.Heard:
    return hear(Recording("r", str(path), parts or (Part("r"),)))


def problem(path: Path) -> tuple[str, str, str]:
    found = listen(path).problem
    assert found is not None
    return found.kind, found.expected, found.found


def cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "a b.wav"
    soundfile.write(path, np.int16(SAMPLES * 32768), RATE, subtype="PCM_16")
    return path


@pytest.fixture
def flac(tmp_path: Path) -> Path:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.int16(SAMPLES * 32768), RATE, subtype="PCM_16")
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.aiff"])
def test_a_whole_recording_has_no_problem(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, SAMPLES, RATE)
    heard = listen(tmp_path / name)
    assert heard.problem is None
    assert (heard.rate, heard.channels, heard.frames) == (RATE, 1, RATE)
    (sound,) = heard.sounds
    assert (sound.utterance, sound.frames, sound.bad, sound.clipped) == ("r", RATE, 0, 0)
    assert 0.1 < sound.spread < 0.4


def test_the_digest_is_of_the_samples(wav: Path, flac: Path) -> None:
    (one,), (same,) = listen(wav).sounds, listen(flac).sounds
    soundfile.write(wav, SAMPLES[::-1], RATE, subtype="PCM_16")
    (other,) = listen(wav).sounds
    assert one.digest == same.digest != other.digest


def test_nothing_there(tmp_path: Path) -> None:
    assert problem(tmp_path / "gone.wav") == ("missing", "a file", "none")
    assert problem(tmp_path) == ("missing", "a file", "something else")
    assert problem(Path("gone.wav")) == ("missing", "a file", f"none, seen from {Path.cwd()}")


def test_an_empty_file_and_an_empty_recording(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert problem(tmp_path / "a.wav") == ("empty", "a recording", "0 bytes")
    soundfile.write(tmp_path / "a.wav", SAMPLES[:0], RATE)
    assert problem(tmp_path / "a.wav") == ("empty", "samples", "a header and none")


def test_what_is_no_recording(tmp_path: Path, wav: Path) -> None:
    (tmp_path / "page.wav").write_text("<!DOCTYPE html><title>404</title>")
    assert problem(tmp_path / "page.wav")[0] == "undecodable"
    assert problem(cut(wav, 30))[0] == "undecodable"


def test_a_wav_that_is_cut_off(wav: Path) -> None:
    assert problem(cut(wav, 44 + 2 * 6000)) == (
        "truncated",
        "16000 frames, as its header says",
        "fewer: it ends after 6000",
    )


def test_a_wav_whose_header_promises_too_much(wav: Path) -> None:
    content = bytearray(wav.read_bytes())
    content[40:44] = struct.pack("<I", 2 * 99999)
    wav.write_bytes(content)
    assert problem(wav) == (
        "truncated",
        "99999 frames, as its header says",
        "fewer: it ends after 16000",
    )


def test_a_header_may_promise_a_little_too_much(wav: Path) -> None:
    heard = listen(cut(wav, 44 + 2 * 15000))
    assert (heard.problem, heard.frames, heard.promised) == (None, 15000, 16000)
    assert problem(cut(wav, 44 + 2 * 14000))[0] == "truncated"


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_a_wav_that_came_out_of_a_pipe_does_not_know_its_length(wav: Path, size: int) -> None:
    content = bytearray(wav.read_bytes())
    content[40:44] = struct.pack("<I", size)
    wav.write_bytes(content)
    assert listen(wav).problem is None


def test_chunks_before_and_after_the_samples_are_none_of_them(wav: Path) -> None:
    content = wav.read_bytes()
    odd = b"LIST" + struct.pack("<I", 5) + b"INFO!" + b"\0"
    wav.write_bytes(content[:12] + odd + content[12:] + odd)
    assert listen(wav).problem is None


@pytest.mark.parametrize("where", ["at a page", "in a page"])
@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_that_is_cut_off(tmp_path: Path, where: str, subtype: str) -> None:
    ogg = tmp_path / "a.ogg"
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * RATE)
    soundfile.write(ogg, noise, RATE, format="OGG", subtype=subtype)
    assert listen(ogg).problem is None
    content = ogg.read_bytes()
    cut(ogg, content.rindex(b"OggS") - (100 if where == "in a page" else 0))
    kind, expected, found = problem(ogg)
    assert (kind, expected) == ("truncated", "a page that ends the stream")
    assert found.startswith("none after ")


def test_a_flac_that_is_cut_off_or_damaged(flac: Path) -> None:
    content = flac.read_bytes()
    expected = "16000 frames, as its header says"
    assert problem(cut(flac, len(content) // 2)) == (
        "truncated",
        expected,
        "fewer: flac decoder lost sync",
    )
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 0xFF
    flac.write_bytes(damaged)
    assert problem(flac)[0] == "truncated"


def test_a_flac_without_a_length(flac: Path) -> None:
    content = bytearray(flac.read_bytes())
    content[21] &= 0xF0  # the 36 bits of STREAMINFO that count the samples
    content[22:26] = bytes(4)
    flac.write_bytes(content)
    heard = listen(flac)
    assert (heard.problem, heard.frames, heard.promised) == (None, RATE, RATE)
    assert heard.sounds == listen(flac, Part("r", 0.0, 1.0)).sounds


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    samples = SAMPLES.copy()
    samples[5:8] = value
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    (sound,) = listen(tmp_path / "a.wav").sounds
    assert sound.bad == 3


@pytest.mark.parametrize(("gain", "share"), [(1.0, 0.0), (20.0, 0.5)])
def test_how_much_is_clipped(tmp_path: Path, gain: float, share: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.clip(gain * SAMPLES, -1, 1), RATE, subtype="PCM_16")
    (sound,) = listen(tmp_path / "a.wav").sounds
    assert sound.clipped == pytest.approx(share, abs=0.02)


def test_parts_of_a_recording(wav: Path) -> None:
    heard = listen(
        wav, Part("late", 0.5, 0.75), Part("early", 0.0, 0.25), Part("over the end", 0.9, 7.0)
    )
    assert [sound.frames for sound in heard.sounds] == [4000, 4000, 1600]
    soundfile.write(wav, np.int16(SAMPLES[8000:12000] * 32768), RATE, subtype="PCM_16")
    assert listen(wav).sounds[0].digest == heard.sounds[0].digest


def test_several_processes_find_the_same_in_the_same_order(
    wav: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = [Recording(str(number), str(wav), (Part(str(number)),)) for number in range(120)]
    monkeypatch.setattr(audio, "FEW", 10)
    assert hear_all(recordings, 2, "check") == hear_all(recordings, 1, "check")


def damage(
    samples: NDArray[np.float32], rate: int = RATE, subtype: str = "PCM_16"
) -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, samples, rate, subtype=subtype)


@pytest.mark.parametrize(
    ("break_it", "kind"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b"ID3 nothing else"), "undecodable"),
        (lambda path: cut(path, 20000), "truncated"),
        (lambda path: cut(path, 44 + 2 * 15000), "header"),
        (damage(SAMPLES[:8000], 8000), "rate"),
        (damage(np.stack([SAMPLES, SAMPLES], axis=1)), "channels"),
        (damage(np.where(np.arange(RATE) == 9, np.nan, SAMPLES), subtype="FLOAT"), "nan"),
        (damage(np.zeros(RATE, np.float32)), "silent"),
        (damage(np.full(RATE, 0.5, np.float32)), "silent"),
        (damage(np.clip(12 * SAMPLES, -1, 1)), "clipped"),
        (damage(SAMPLES[:14000]), "duration"),
    ],
)
def test_each_is_found_in_a_directory(
    make: Make, find: Find, break_it: Callable[[Path], object], kind: str
) -> None:
    data = make()
    break_it(data / "wav" / "bea-1.wav")
    assert find(data) == [(kind, "bea-1")]


def test_the_same_recording_twice(make: Make, find: Find) -> None:
    data = make()
    (data / "wav" / "bea-2.wav").write_bytes((data / "wav" / "ana-1.wav").read_bytes())
    assert find(data) == [("repeated", "bea-2")]


@pytest.mark.parametrize(
    ("seconds", "phones", "kinds"),
    [
        (0.2, "a", ["short"]),
        (21.0, "a", ["long"]),
        (0.505, "a b " * 12 + "a", []),  # 25 frames
        (0.505, "a b " * 13, ["ctc"]),
        (0.505, "a a " * 7, ["ctc"]),
        (0.01, "a", ["ctc", "short"]),  # no frame
    ],
)
def test_too_short_and_too_long(
    make: Make, find: Find, seconds: float, phones: str, kinds: list[str]
) -> None:
    data = make()
    sound = np.resize(SAMPLES, round(seconds * RATE))
    soundfile.write(data / "wav" / "bea-1.wav", sound, RATE, subtype="PCM_16")
    (data / "utt2dur").unlink()
    text = (data / "text").read_text().splitlines()
    (data / "text").write_text("\n".join([*text[:2], f"bea-1 {phones}", text[3]]) + "\n")
    assert find(data) == [(kind, "bea-1") for kind in kinds]


@pytest.mark.parametrize("form", ["IRCAM", "PAF", "PVF", "XI"])
def test_a_kind_that_does_not_say_how_long_a_recording_is(
    make: Make, find: Find, form: str
) -> None:
    data = make()
    subtype = "DPCM_16" if form == "XI" else "PCM_16"
    rate = 44100 if form == "XI" else RATE
    sound = np.resize(SAMPLES, rate)
    soundfile.write(data / "wav" / "bea-1.wav", sound, rate, subtype=subtype, format=form)
    assert find(data) == [("no-length", "bea-1")] + [("rate", "bea-1")] * (form == "XI")


@pytest.mark.parametrize(("seconds", "kind"), [(0.2, "short"), (21.0, "long"), (0.2496, "")])
def test_a_set_of_which_stage_3_would_leave_nothing(make: Make, seconds: float, kind: str) -> None:
    folders = [make(), make("dev", ("eva",), seed=10), make("test", ("zoe",), seed=20)]
    for folder in folders:
        for place, wav in enumerate(sorted((folder / "wav").iterdir())):
            sound = np.roll(np.resize(SAMPLES, round(seconds * RATE)), place)
            soundfile.write(wav, sound, RATE, subtype="PCM_16")
        (folder / "utt2dur").unlink()
    findings = check(folders, Limits(filtered=2), levels({}))
    faults = [fault for fault in findings.faults if fault.kind == "none-left"]
    # Nothing is left out of a test set.
    assert {fault.folder for fault in faults} == {str(folder) for folder in folders[:2] if kind}
    assert (kind in {fault.kind for fault in findings.faults}) == bool(kind)
    for fault in faults:
        assert fault.expected == "utterances of 0.25 to 20 s"
        assert fault.found.startswith(f"{seconds:.3f} to {seconds:.3f} s in all ")
        assert ("segments" in fault.found) == (kind == "long")
    # One that is long enough is enough.
    soundfile.write(
        folders[0] / "wav" / "ana-1.wav", np.resize(SAMPLES, RATE), RATE, subtype="PCM_16"
    )
    left = [
        fault.folder
        for fault in check(folders, Limits(), levels({})).faults
        if fault.kind == "none-left"
    ]
    assert left == []


def test_an_mp3_without_a_decoder_is_no_fault_of_the_mp3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number}.mp3" for number in range(2)]
    for name in names:
        soundfile.write(tmp_path / name, SAMPLES, 48000, format="MP3")
    recordings = [Recording(name, str(tmp_path / name), (Part(name),)) for name in names]
    assert [one.problem for one in hear_all(recordings, 1, "")] == [None, None]
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    monkeypatch.setenv("PATH", "")
    for heard in hear_all(recordings, 1, ""):
        assert heard.problem is not None
        assert (heard.problem.kind, heard.problem.expected) == ("decoder", "what decodes mp3")
        assert "pip install --upgrade soundfile" in heard.problem.found
