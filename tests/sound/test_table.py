"""The table of sound: container × subtype × channels × length known or not, as a file, a part, in
an ark, by a pipe.
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from parp_espnet.sound.errors import SoundError, Trouble
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.segments import part_of

RATE = 16000
FRAMES = 8000
PCM = ("PCM_16", "PCM_24", "PCM_32")
TABLE = {
    "WAV": (*PCM, "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610",
    "G721_32",
            "NMS_ADPCM_32"),
    "WAVEX": (*PCM, "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW"),
    "RF64": (*PCM, "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW"),
    "W64": (*PCM, "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"),
    "AIFF": (*PCM, "PCM_S8", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "GSM610",
    "DWVW_16"),
    "AU": (*PCM, "PCM_S8", "FLOAT", "DOUBLE", "ULAW", "ALAW", "G721_32", "G723_24", "G723_40"),
    "CAF": (*PCM, "PCM_S8", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC_16", "ALAC_24"),
    "NIST": (*PCM, "PCM_S8", "ULAW", "ALAW"),
    "VOC": ("PCM_16", "PCM_U8", "ULAW", "ALAW"),
    "FLAC": ("PCM_S8", "PCM_16", "PCM_24"),
    "OGG": ("VORBIS", "OPUS"),
    "MP3": ("MPEG_LAYER_III",),
    "IRCAM": ("PCM_16", "FLOAT", "ULAW", "ALAW"), "PAF": ("PCM_16", "PCM_24"), "SVX": ("PCM_16",),
    "AVR": ("PCM_16",),
    "MAT5": ("PCM_16", "FLOAT"), "PVF": ("PCM_16",), "HTK": ("PCM_16",),
}  # fmt: skip
"""What libsndfile writes, and so reads."""
STREAMS = {
    "flac": ("flac", "flac"), "wav": ("wav", "pcm_s16le"), "float wav": ("wav", "pcm_f32le"),
    "au": ("au", "pcm_s16be"),
    "caf": ("caf", "pcm_s16le"), "w64": ("w64", "pcm_s16le"), "aiff": ("aiff", "pcm_s16be"),
    "mp3": ("mp3", "libmp3lame"),
    "ogg": ("ogg", "libvorbis"), "opus": ("opus", "libopus"), "24-bit flac": ("flac", "flac"),
    "mka": ("matroska", "aac"),
    "webm": ("webm", "libopus"), "aac": ("adts", "aac"), "mp4 in fragments": ("mp4", "aac"),
    "wma": ("asf", "wmav2"),
}  # fmt: skip
"""What ffmpeg writes into a pipe, where it cannot go back to the header and say how much there is:
muxer and codec.
"""
FOR_FFMPEG = ("m4a", "mp4", "aac", "wma", "mka", "webm", "wv", "tta", "ac3", "mov")
MONO_ONLY = {"G721_32", "G723_24", "G723_40", "GSM610", "NMS_ADPCM_32", "HTK", "SVX", "DWVW_16"}
LOSSY = {"VORBIS": 1e-1, "OPUS": 0.5, "MPEG_LAYER_III": 0.1, "GSM610": 0.3, "G723_24": 0.3,
"G721_32": 0.1,
         "G723_40": 0.1, "IMA_ADPCM": 0.1, "MS_ADPCM": 0.1, "NMS_ADPCM_32": 0.3}  # fmt: skip
"""Error of these subtypes, of the signal's size; of the others it is a hundredth at most."""
COMMON = ("WAV", "FLAC", "OGG", "MP3")
WAYS = ("file", "part", "ark", "kaldiio's ark", "pipe")
BOUNDED = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "NIST", "FLAC"}
"""Kinds whose header says how many bytes they take: the next recording of an archive is behind
them.
"""

Way = Callable[[Path], str]


def speech(channels: int) -> NDArray[np.float32]:
    """Half a second of tones, loud and soft, of which each channel has others; (frames,
    channels).
    """
    times = np.arange(FRAMES)[:, None] / RATE
    pitches = np.array([[440.0, 700.0]])[:, :channels]
    return (0.4 * np.sin(2 * np.pi * pitches * times) * np.sin(2 * np.pi * 3 * times)).astype(
        np.float32
    )


def cells() -> list[Any]:
    """Every cell that there can be. Both channels come out of an archive or a pipe as out of a
    file: they are asked for of the commonest kinds alone, unless all is to be thorough.
    """
    found = []
    for form, subtypes in TABLE.items():
        for subtype in subtypes:
            for channels in (1,) if {form, subtype} & MONO_ONLY else (1, 2):
                for way in WAYS:
                    rare = channels == 2 and way not in ("file", "part") and form not in COMMON
                    marks = [pytest.mark.thorough] * rare
                    found.append(pytest.param(form, subtype, channels, way, marks=marks))
    return found


def value_of(path: Path, way: str) -> str:
    """What a wav.scp has for a recording that is kept in this way."""
    if way == "pipe":
        return f"cat {shlex.quote(str(path))} |"
    if way not in ("ark", "kaldiio's ark"):
        return str(path)
    ark = path.with_name("all.ark")
    content = path.read_bytes()
    length = b"" if way == "ark" else b"AUDIO\x04" + len(content).to_bytes(4, "little")
    ark.write_bytes(b"one " + length + content + b"two RIFF....")
    return f"{ark}:4"


def check(value: str, whole: NDArray[np.float32], rate: int, way: str) -> None:
    with open_sound(value) as sound:
        sound.need_whole()
        assert (sound.rate, sound.channels) == (rate, whole.shape[1])
        begin, end = 0.1, 0.3
        if way != "part":
            heard = sound.read()
            assert heard.dtype == np.float32
            assert np.array_equal(heard, whole)
            assert sum(len(block) for block in sound.blocks(1000)) == len(whole) == sound.frames()
        part = part_of(sound, begin, end)
        # A decoder that is begun in the middle differs in the last bits.
        mixed = whole[round(begin * rate) : round(end * rate)].mean(axis=1, dtype=np.float32)
        assert part == pytest.approx(mixed, abs=1e-5)
        one = part_of(sound, begin, end, whole.shape[1] - 1)
        assert one == pytest.approx(whole[round(begin * rate) : round(end * rate), -1], abs=1e-5)


def resembles(whole: NDArray[np.float32], error: float) -> None:
    """Whether what was decoded is what was given, but for an error of its coding."""
    given = speech(whole.shape[1])
    count = min(len(whole), len(given))
    assert count > 0.99 * FRAMES
    difference = whole[:count] - given[:count]
    assert np.sqrt((difference**2).mean() / (given**2).mean()) < error


@pytest.mark.parametrize(("form", "subtype", "channels", "way"), cells())
def test_what_libsndfile_knows(
    tmp_path: Path, form: str, subtype: str, channels: int, way: str
) -> None:
    path = tmp_path / "recording"
    soundfile.write(path, speech(channels), RATE, format=form, subtype=subtype)
    with soundfile.SoundFile(path) as file:
        file.seekable = lambda: False
        whole = file.read(10 * FRAMES, dtype="float32", always_2d=True)
        # A VOC has room for some rates alone.
        rate = file.samplerate
    resembles(
        whole, LOSSY.get(subtype, 0.02 if "8" not in subtype and "LAW" not in subtype else 0.1)
    )
    if way == "ark" and form not in BOUNDED:
        with pytest.raises(SoundError, match="expected a length, found a header without one"):
            check(value_of(path, way), whole, rate, way)
        return
    check(value_of(path, way), whole, rate, way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", STREAMS)
def test_what_comes_out_of_a_pipe_without_a_length(
    tmp_path: Path, ffmpeg: Callable[..., Path], kind: str, channels: int, way: str
) -> None:
    muxer, codec = STREAMS[kind]
    more = ["-sample_fmt", "s32"] * (kind == "24-bit flac") + [
        "-movflags",
        "frag_keyframe+empty_moov",
    ] * (muxer == "mp4")
    path = ffmpeg(
        "stream", speech(channels), RATE, "-c:a", codec, *more, "-f", muxer, streamed=True
    )
    by_ffmpeg = kind in ("caf", "mka", "webm", "aac", "mp4 in fragments", "wma")
    if way == "ark":
        with pytest.raises(SoundError, match="expected a length"):
            check(value_of(path, way), speech(channels), RATE, way)
        return
    with open_sound(path) as sound:
        whole = np.concatenate(list(sound.blocks()))
        assert len(whole) == pytest.approx(FRAMES * sound.rate / RATE, abs=2400 * sound.rate / RATE)
        assert sound.in_place or by_ffmpeg or kind == "mp3"
    check(value_of(path, way), whole, sound.rate, way)


@pytest.mark.parametrize("way", ["file", "part", "kaldiio's ark", "pipe"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", FOR_FFMPEG)
def test_what_ffmpeg_knows(ffmpeg: Callable[..., Path], kind: str, channels: int, way: str) -> None:
    path = ffmpeg(f"recording.{kind}", speech(channels), RATE)
    with open_sound(path) as sound:
        whole = sound.read()
    assert len(whole) == pytest.approx(FRAMES * sound.rate / RATE, abs=2400 * sound.rate / RATE)
    check(value_of(path, way), whole, sound.rate, way)


@pytest.mark.parametrize("way", ["file", "kaldiio's ark", "pipe"])
@pytest.mark.parametrize("kind", FOR_FFMPEG)
def test_what_ffmpeg_knows_without_ffmpeg(
    ffmpeg: Callable[..., Path], request: pytest.FixtureRequest, kind: str, way: str
) -> None:
    path = ffmpeg(f"recording.{kind}", speech(1), RATE)
    request.getfixturevalue("no_ffmpeg")
    with pytest.raises(
        SoundError, match=r"expected ffmpeg on PATH, which decodes this kind, found none"
    ) as error:
        check(value_of(path, way), speech(1), RATE, way)
    assert error.value.trouble is Trouble.DECODER
    assert len(str(error.value).splitlines()) == 1
