"""What the door says of recordings that are damaged, of no kind, or of kinds that lie about their
length.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.sound import recording
from parp_espnet.sound.channels import mono
from parp_espnet.sound.errors import SoundError, Trouble
from parp_espnet.sound.full_scale import full_scale
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.segments import OpenSounds, part_of

RATE = 16000
NOISE = (0.2 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)


def read_whole(recording: str | Path) -> None:
    with open_sound(recording) as sound:
        sound.need_whole()
        sound.read()


def trouble(recording: str | Path) -> tuple[Trouble, str]:
    with pytest.raises(SoundError) as error:
        read_whole(recording)
    assert len(str(error.value).splitlines()) == 1
    return error.value.trouble, str(error.value)


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"), ("WAVEX", "FLOAT"), ("RF64",
    "PCM_24"),
     ("W64", "PCM_16"), ("AIFF", "PCM_16"), ("AU", "ULAW"), ("NIST", "PCM_16"), ("FLAC", "PCM_16"),
     ("CAF", "PCM_16"),
     ("MP3", None), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("HTK", "PCM_16"), ("VOC", "PCM_16"),
     ("VOC", "ULAW"),
     ("VOC", "PCM_U8"), ("SVX", "PCM_16"), ("SVX", "PCM_S8"), ("AVR", "PCM_16"), ("MAT4", "PCM_16"),
     ("MAT4", "DOUBLE"), ("MAT5", "PCM_16"), ("MAT5", "FLOAT"), ("MPC2K", "PCM_16"), ("SDS",
     "PCM_16")],
)  # fmt: skip
def test_half_a_recording_is_never_taken_for_a_whole(
    tmp_path: Path, form: str, subtype: str | None
) -> None:
    path = tmp_path / "half"
    soundfile.write(path, NOISE, RATE, format=form, subtype=subtype)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert trouble(path)[0] in (Trouble.TRUNCATED, Trouble.UNDECODABLE, Trouble.EMPTY)


@pytest.mark.parametrize(
    ("form", "channels"),
    [("VOC", 2), ("AVR", 1), ("AVR", 2), ("MAT4", 2), ("MAT5", 2), ("MPC2K", 1), ("MPC2K", 2)],
)
def test_what_rare_headers_promise(tmp_path: Path, form: str, channels: int) -> None:
    path = tmp_path / "recording"
    soundfile.write(
        path,
        np.stack([NOISE] * channels, axis=1),
        RATE,
        format=form,
        endian="BIG" if form == "MAT4" else None,
    )
    read_whole(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    # A Matlab's header says bytes, not frames.
    wanted = "3199[0-9]" if form == "MAT5" else str(len(NOISE))
    assert re.search(f"expected {wanted} frames, as its header says", trouble(path)[1])


def test_half_a_psion(tmp_path: Path) -> None:
    path = tmp_path / "half.wve"
    soundfile.write(path, NOISE, 8000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert f"expected {len(NOISE)} frames, as its header says" in trouble(path)[1]


@pytest.mark.parametrize("kind", ["m4a", "webm", "aac", "wma", "wv"])
def test_half_of_what_ffmpeg_decodes(ffmpeg: Callable[..., Path], kind: str) -> None:
    path = ffmpeg(f"half.{kind}", NOISE, RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert trouble(path)[0] in (Trouble.TRUNCATED, Trouble.UNDECODABLE)


def test_an_mp3_of_variable_rate_without_a_length_is_read_to_its_end(
    ffmpeg: Callable[..., Path],
) -> None:
    samples = np.concatenate([NOISE, np.zeros(4 * RATE, np.float32), NOISE])
    path = ffmpeg("a.mp3", samples, RATE, "-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0")
    # libsndfile goes by the first frames alone.
    assert soundfile.info(path).frames < 0.8 * len(samples)
    with open_sound(path) as sound:
        assert sound.frames() == len(sound.read()) == pytest.approx(len(samples), abs=2400)
        assert np.abs(part_of(sound, 6.5, 7.5)).max() > 0.1


@pytest.mark.parametrize(
    ("rate", "name", "options"),
    [
        (16000, "a.mp3", "-q:a 4"),
        (44100, "a.mp3", "-q:a 9"),
        (24000, "a.mp3", "-b:a 8k"),
        (48000, "a.mp3", "-abr 1 -b:a 32k"),
        (16000, "a.ogg", "-c:a libvorbis -q:a 3"),
        (44100, "a.ogg", "-c:a libvorbis -q:a 0"),
        (48000, "a.opus", "-c:a libopus -b:a 16k"),
        (44100, "a.flac", "-c:a flac"),
    ],
)
def test_a_part_is_that_part_of_the_whole(
    ffmpeg: Callable[..., Path], rate: int, name: str, options: str
) -> None:
    """In an mp3 what is quiet takes few bits, and frames there begin with bits of those before; the
    last page of an Ogg Vorbis is another matter.
    """
    seconds = np.arange(12 * rate) / rate
    random = np.random.default_rng(0)
    samples = 0.1 * np.sin(2 * np.pi * 220 * seconds)
    samples += random.normal(0, 0.1, len(seconds)) * (seconds % 6 < 2)
    path = ffmpeg(name, samples.astype(np.float32), rate, *options.split())
    with open_sound(path) as sound:
        whole = sound.read()
    begins = random.integers(0, 11 * rate, 10).tolist()
    begins += (len(whole) - random.integers(1, rate, 10)).tolist()
    with open_sound(path) as kept_open:
        for begin in begins:
            with open_sound(path) as sound:
                for opened in (sound, kept_open):
                    part = opened.read(begin, begin + rate)
                    assert np.abs(part - whole[begin : begin + rate]).max() < 1e-6


@pytest.mark.parametrize(
    ("size", "frames"), [(0, len(NOISE)), (0xFFFFFFFF, len(NOISE)), (2 * RATE, None)]
)
def test_a_wav_whose_header_was_never_finished(
    tmp_path: Path, size: int, frames: int | None
) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, RATE, subtype="PCM_16")
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[40:44] = size.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content)
    if frames is None:
        assert "found 32000 bytes of more samples" in trouble(tmp_path / "a.wav")[1]
        return
    with open_sound(tmp_path / "a.wav") as sound:
        sound.need_whole()
        assert len(sound.read()) == frames == sound.frames()


@pytest.mark.parametrize("kind", ["two wavs", "two chunks"])
def test_what_is_behind_the_samples_of_a_wav_is_not_lost(
    tmp_path: Path, ffmpeg: Callable[..., Path], request: pytest.FixtureRequest, kind: str
) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, RATE, subtype="PCM_16")
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content + (content if kind == "two wavs" else content[36:]))
    # ffmpeg reads the first alone.
    assert "bytes of more samples; write it anew as one recording" in trouble(tmp_path / "a.wav")[1]
    request.getfixturevalue("no_ffmpeg")
    trouble(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "more", [bytes(4096), b"\n", b"TAG" + bytes(125), b"LIST\5\0\0\0abcdeLIST\4\0\0\0abcd"]
)
def test_what_is_behind_the_samples_of_a_wav_and_is_none(tmp_path: Path, more: bytes) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, RATE, subtype="PCM_16")
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes() + more)
    with open_sound(tmp_path / "a.wav") as sound:
        sound.need_whole()
        assert len(sound.read()) == len(NOISE)


def test_half_a_wav_of_big_endian(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, RATE, subtype="PCM_16", endian="BIG")
    read_whole(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[: len(NOISE)])
    assert f"expected {len(NOISE)} frames, as its header says" in trouble(tmp_path / "a.wav")[1]


def test_half_a_caf_that_ffmpeg_decodes(ffmpeg: Callable[..., Path]) -> None:
    path = ffmpeg("a.caf", NOISE, RATE, "-c:a", "pcm_s16le")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert trouble(path)[0] is Trouble.TRUNCATED


def test_a_voc_in_blocks_needs_ffmpeg(
    ffmpeg: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    path = ffmpeg("a.voc", NOISE, RATE, "-c:a", "pcm_s16le")
    with open_sound(path) as sound:
        sound.need_whole()
        # libsndfile takes the heads of the blocks for samples.
        assert np.abs(sound.read()[:, 0] - NOISE).max() < 1e-4
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert trouble(path)[0] is Trouble.TRUNCATED
    path.write_bytes(content)
    request.getfixturevalue("no_ffmpeg")
    assert "several streams in a row, of which it reads the first alone" in trouble(path)[1]


def test_two_mp3s_in_a_row_are_both_heard(ffmpeg: Callable[..., Path]) -> None:
    path = ffmpeg("a.mp3", NOISE, RATE)
    path.write_bytes(2 * path.read_bytes())
    with open_sound(path) as sound:
        assert sound.frames() == len(sound.read()) == pytest.approx(2 * len(NOISE), abs=4800)


@pytest.mark.parametrize("before", [bytes(1000), b"\xff\xfb half a frame"])
def test_an_mp3_that_begins_with_something_else(ffmpeg: Callable[..., Path], before: bytes) -> None:
    path = ffmpeg("a.mp3", NOISE, RATE, "-write_xing", "0", "-id3v2_version", "0")
    path.write_bytes(before + path.read_bytes())
    with open_sound(path) as sound:
        assert sound.frames() == len(sound.read()) == pytest.approx(len(NOISE), abs=2400)


def test_two_oggs_in_a_row_need_ffmpeg(
    ffmpeg: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    path = ffmpeg("a.ogg", NOISE, RATE, "-c:a", "libvorbis")
    path.write_bytes(2 * path.read_bytes())
    with open_sound(path) as sound:
        assert len(sound.read()) == pytest.approx(2 * len(NOISE), abs=2000)
    request.getfixturevalue("no_ffmpeg")
    assert "several streams in a row, of which it reads the first alone" in trouble(path)[1]


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"<!DOCTYPE html><title>404</title>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (b"PK\x03\x04....", "it is a packed archive"),
        (bytes(5000), "nothing but zeros"),
        (b"NIST_1A\n   1024\nsample_coding -s26 pcm,embedded-shorten-v2.00\n", ""),
        (b"these are words", "an ffmpeg on PATH may decode it"),
    ],
)
def test_what_is_no_recording_is_said_with_what_to_do(
    tmp_path: Path, no_ffmpeg: None, content: bytes, advice: str
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    kind, said = trouble(tmp_path / "a.wav")
    assert kind is Trouble.UNDECODABLE
    assert advice in said


@pytest.mark.parametrize("name", ["C:\\Users\\ana\\1.wav", "clips\\1.wav", "D:/clips/1.wav"])
def test_a_path_of_windows(name: str) -> None:
    assert trouble(name)[1].endswith(
        "it is a path of Windows: write it as this machine has it, with / between folders"
    )


def test_what_is_missing_has_no_advice_but_a_link_has(tmp_path: Path) -> None:
    assert trouble(tmp_path / "gone.wav")[1] == f"{tmp_path}/gone.wav: expected a file, found none"
    (tmp_path / "link.wav").symlink_to(".git/annex/objects/x")
    assert "bring the data here (git annex get, dvc pull)" in trouble(tmp_path / "link.wav")[1]


def test_a_length_that_is_not_true_takes_no_memory(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", NOISE, RATE, subtype="PCM_16")
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[21] |= 0x0F
    (tmp_path / "a.flac").write_bytes(content)
    assert trouble(tmp_path / "a.flac")[0] is Trouble.TRUNCATED


def test_a_codec_that_cannot_seek_is_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a.wav", NOISE, 8000, subtype="GSM610")
    opened = []
    real = recording.open_stream
    monkeypatch.setattr(
        recording, "open_stream", lambda source: opened.append(source) or real(source)
    )
    with OpenSounds() as sounds:
        parts = [
            part_of(sounds.get(str(tmp_path / "a.wav")), 0.1 * n, 0.1 * n + 0.5)
            for n in (9, 3, 7, 1)
        ]
    assert {len(part) for part in parts} == {4000}
    assert len(opened) == 2


def test_ranges_of_an_ark(tmp_path: Path) -> None:
    both = np.stack([NOISE, -0.5 * NOISE], axis=1)
    soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
    (tmp_path / "a.ark").write_bytes(b"k " + (tmp_path / "a.wav").read_bytes())
    for words, wanted in (
        ("[10:19]", both[10:20]), ("[:9,1]", both[:10, 1:]), ("[,0:0]", both[:, :1]),
        ("[0:99999999]", both),
    ):  # fmt: skip
        with open_sound(f"{tmp_path}/a.ark:2{words}") as sound:
            assert np.array_equal(sound.read(), wanted)
            assert (sound.frames(), sound.channels) == wanted.shape
            assert np.array_equal(np.concatenate(list(sound.blocks())), wanted)
            assert np.array_equal(sound.read(2, 5), wanted[2:5])


def test_a_file_may_be_called_like_a_place_in_an_ark(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "talk 10:30", NOISE, RATE, format="WAV")
    with open_sound(tmp_path / "talk 10:30") as sound:
        assert sound.frames() == len(NOISE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"k \0BFM \4....", "expected waves, found a matrix"),
        (b"k  [\n 1 2 ]\n", "expected waves, found a matrix"),
        (b"k PKL....", "expected waves, found a matrix"),
        (b"k", "expected a recording at that byte, found an archive of 1 bytes"),
        (b"k RIFF\xff\0\0\0WAVE", "bytes, where the archive ends"),
        (b"k AUDIO\x02\xff\xff", "bytes, where the archive ends"),
        (b"k nothing at all", "expected a length"),
    ],
)
def test_arks_that_hold_no_recording(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.ark").write_bytes(content)
    assert said in trouble(f"{tmp_path}/a.ark:2")[1]


def test_the_channel_that_is_asked_for_or_the_average() -> None:
    both = np.array([[0.5, -0.25], [1, 0]], np.float32)
    assert mono(both).tolist() == [0.125, 0.5]
    assert mono(both, 1).tolist() == [-0.25, 0]
    assert mono(both[:, :1], 1).tolist() == [0.5, 1]
    with pytest.raises(ValueError, match="expected channel 3, found 2 channels"):
        mono(both, 2)


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("WAV",
    subtype) for subtype in soundfile.available_subtypes("WAV") if not subtype.startswith("MPEG")]
    + [("AIFF", "PCM_S8"), ("AIFF", "DWVW_16"), ("AU", "G723_24"), ("AU", "G723_40"), ("FLAC",
    "PCM_24"),
       ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("CAF", "ALAC_16"), ("CAF",
       "ALAC_24")],
)  # fmt: skip
@pytest.mark.parametrize(("gain", "clips"), [(4.0, True), (0.6, False)])
def test_full_scale_of_every_subtype(
    tmp_path: Path, form: str, subtype: str, gain: float, clips: bool
) -> None:
    wave = np.clip(gain * np.sin(np.arange(8000) * 0.05), -1, 1)
    soundfile.write(tmp_path / "a", wave, 8000, format=form, subtype=subtype)
    with open_sound(tmp_path / "a") as sound:
        samples, full = sound.read(), full_scale(sound.subtype)
    both = [(samples >= full).mean(), (samples <= -full).mean()]
    assert (
        (min(both) > 0.005)
        if clips and not subtype.startswith("NMS")
        else (max(both) > 0.005) == clips
    )
