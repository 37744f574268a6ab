"""Stage 1, the check and stage 2 hear the same through the one door."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import own
from parp_espnet.corpora.layouts import SPLITS
from parp_espnet.corpora.rejects import Reject
from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check
from parp_espnet.data.kaldi import Utterance, read_data_dir
from parp_espnet.errors import UserError
from parp_espnet.pipeline.formatting import format_data

RATE = 16000
LEFT, RIGHT = (
    (0.3 * np.sin(2 * np.pi * pitch * np.arange(6 * RATE) / RATE)).astype(np.float32)
    for pitch in (440, 1000)
)
PARTS = 6


def make(folder: Path, recording: str, lines: Sequence[str] = ()) -> Path:
    """A Kaldi directory of seconds of one recording, said by three speakers."""
    folder.mkdir(exist_ok=True)
    names = [f"s{number % 3}-{number}" for number in range(PARTS)]
    (folder / "wav.scp").write_text(f"rec {recording}\n")
    own_lines = lines or [f"rec {number} {number + 1}" for number in range(PARTS)]
    (folder / "segments").write_text(
        "".join(f"{name} {line}\n" for name, line in zip(names, own_lines, strict=True))
    )
    (folder / "text").write_text("".join(f"{name} a b {name}\n" for name in names))
    (folder / "utt2spk").write_text("".join(f"{name} {name[:2]}\n" for name in names))
    return folder


def read_own(root: Path, wavs: Path) -> tuple[list[Utterance], list[Reject]]:
    made = [own.read(root, split, wavs, "xx") for split in SPLITS]
    return [one for own_set in made for one in own_set.utterances], [
        one for own_set in made for one in own_set.rejected
    ]


def both_ways(data: Path, out: Path, allow_pipes: bool = False) -> dict[str, np.ndarray]:
    """What stage 2 makes of a directory, and that stage 1 (--own) has the same."""
    format_data(data, out, "xx", 1, allow_pipes=allow_pipes)
    formatted = {one.id: soundfile.read(one.wav, dtype="float32")[0] for one in read_data_dir(out)}
    if not allow_pipes:
        utterances, rejected = read_own(data, out / "own")
        assert not rejected
        for one in utterances:
            assert np.array_equal(soundfile.read(one.wav, dtype="float32")[0], formatted[one.id])
    return formatted


def faults(data: Path) -> set[tuple[str, str]]:
    found = check([data], Limits(), levels({}))
    own_fault = {"order", "repeated"}
    return {
        (str(found.levels[fault.kind]), fault.kind)
        for fault in found.faults
        if fault.kind not in own_fault
    }


def pitch(samples: np.ndarray) -> list[int]:
    """The pitches that are heard in a second."""
    assert len(samples) == RATE
    return np.flatnonzero(np.abs(np.fft.rfft(samples)) > 100).tolist()


def test_two_channels_are_averaged_with_a_warning(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([LEFT, RIGHT], axis=1), RATE)
    data = make(tmp_path / "data", str(tmp_path / "a.wav"))
    heard = both_ways(data, tmp_path / "out")
    assert [pitch(samples) for samples in heard.values()] == [[440, 1000]] * PARTS
    assert faults(data) == {("warning", "channels")}


@pytest.mark.parametrize(
    ("word", "pitches"), [("A", [440]), ("b", [1000]), ("1", [440]), ("2", [1000])]
)
def test_the_channel_of_a_recording_is_chosen(
    tmp_path: Path, word: str, pitches: list[int]
) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([LEFT, RIGHT], axis=1), RATE)
    data = make(tmp_path / "data", str(tmp_path / "a.wav"))
    (data / "reco2file_and_channel").write_text(f"rec a {word}\n")
    assert [pitch(samples) for samples in both_ways(data, tmp_path / "out").values()] == [
        pitches
    ] * PARTS
    assert ("warning", "channels") not in faults(data)


def test_one_speaker_a_channel_of_whole_recordings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        both = np.stack([LEFT[: (number + 2) * RATE], RIGHT[: (number + 2) * RATE]], axis=1)
        soundfile.write(tmp_path / f"{number}.flac", both, RATE)
    names = [(number, side) for number in range(3) for side in "AB"]
    (data / "wav.scp").write_text("".join(f"{n}-{side} {tmp_path}/{n}.flac\n" for n, side in names))
    (data / "text").write_text("".join(f"{n}-{side} a {side} {n}\n" for n, side in names))
    (data / "reco2file_and_channel").write_text(
        "".join(f"{n}-{side} {n} {side}\n" for n, side in names)
    )
    format_data(data, tmp_path / "out", "xx", 2)
    for one in read_data_dir(tmp_path / "out"):
        assert pitch(soundfile.read(one.wav)[0][:RATE]) == [
            440 if one.text.split()[1] == "A" else 1000
        ]
    utterances, rejected = read_own(data, tmp_path / "own")
    assert not rejected
    for one in utterances:
        assert pitch(soundfile.read(one.wav)[0][:RATE]) == [
            440 if one.text.split()[1] == "A" else 1000
        ]


def test_the_channel_may_be_a_field_of_segments(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([LEFT, RIGHT], axis=1), RATE)
    lines = [f"rec {number} {number + 1} {number % 2}" for number in range(PARTS)]
    data = make(tmp_path / "data", str(tmp_path / "a.wav"), lines)
    heard = both_ways(data, tmp_path / "out")
    assert [pitch(heard[f"s{n % 3}-{n}"]) for n in range(PARTS)] == [[440], [1000]] * 3
    assert ("warning", "channels") not in faults(data)


def test_an_end_of_minus_one_is_that_of_the_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", LEFT, RATE)
    data = make(
        tmp_path / "data", str(tmp_path / "a.wav"), [f"rec {number} -1" for number in range(PARTS)]
    )
    heard = both_ways(data, tmp_path / "out")
    assert [len(heard[f"s{n % 3}-{n}"]) for n in range(PARTS)] == [
        (PARTS - n) * RATE for n in range(PARTS)
    ]
    assert faults(data) == set()


@pytest.mark.parametrize("times", ["1 -2", "2 1", "-1 1", "nan -1", "inf -1"])
def test_times_that_are_none(tmp_path: Path, times: str) -> None:
    soundfile.write(tmp_path / "a.wav", LEFT, RATE)
    data = make(tmp_path / "data", str(tmp_path / "a.wav"), [f"rec {times}" for _ in range(PARTS)])
    with pytest.raises(UserError, match=f"expected 0 <= begin < end, found 'rec {times}'"):
        format_data(data, tmp_path / "out", "xx", 1)
    assert faults(data) == {("error", "segment")}
    utterances, rejected = read_own(data, tmp_path / "own")
    assert not utterances
    assert "row" in {str(one.why) for one in rejected}


def test_a_channel_that_is_not_there(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([LEFT, RIGHT], axis=1), RATE)
    data = make(tmp_path / "data", str(tmp_path / "a.wav"))
    (data / "reco2file_and_channel").write_text("rec a C\n")
    with pytest.raises(UserError, match="expected channel 3, found 2 channels"):
        format_data(data, tmp_path / "out", "xx", 1)
    assert ("error", "channel") in faults(data)
    utterances, rejected = read_own(data, tmp_path / "own")
    assert not utterances
    assert {str(one.why) for one in rejected} == {"row"}
    (data / "reco2file_and_channel").write_text("rec a left\n")
    with pytest.raises(
        UserError, match=r"reco2file_and_channel:1: expected '<recording> <file> <channel>'"
    ):
        format_data(data, tmp_path / "out", "xx", 1)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE", "PCM_24", "PCM_U8", "ULAW", "ALAW"])
@pytest.mark.parametrize("in_ark", [False, True])
def test_parts_of_any_subtype(tmp_path: Path, subtype: str, in_ark: bool) -> None:
    soundfile.write(tmp_path / "a.wav", LEFT, RATE, subtype=subtype)
    (tmp_path / "a.ark").write_bytes(b"rec " + (tmp_path / "a.wav").read_bytes())
    value = f"{tmp_path}/a.ark:4" if in_ark else f"{tmp_path}/a.wav"
    data = make(tmp_path / "data", value)
    for number, samples in enumerate(both_ways(data, tmp_path / "out").values()):
        assert samples == pytest.approx(LEFT[:RATE], abs=0.02), number
    assert not faults(data)


def test_an_ark_of_kaldiio(tmp_path: Path) -> None:
    for options in ({}, {"write_function": "soundfile", "write_kwargs": {"format": "flac"}}):
        kaldiio.save_ark(
            str(tmp_path / "a.ark"),
            {"rec": (RATE, np.int16(32767 * LEFT))},
            scp=str(tmp_path / "a.scp"),
            **options,
        )
        data = make(tmp_path / "data", (tmp_path / "a.scp").read_text().split()[1])
        assert [pitch(one) for one in both_ways(data, tmp_path / "out").values()] == [[440]] * PARTS


def test_floats_beyond_full_scale(tmp_path: Path) -> None:
    for gain, level, kind in ((4.0, "warning", "beyond"), (20000.0, "error", "scale")):
        soundfile.write(tmp_path / "a.wav", gain * LEFT, RATE, subtype="FLOAT")
        assert (level, kind) in faults(make(tmp_path / "data", str(tmp_path / "a.wav")))


@pytest.mark.parametrize("subtype", ["PCM_U8", "ULAW", "ALAW", "PCM_16", "PCM_24", "FLOAT"])
def test_clipping_is_found(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "a.wav", np.clip(5 * LEFT, -1, 1), RATE, subtype=subtype)
    assert ("warning", "clipped") in faults(make(tmp_path / "data", str(tmp_path / "a.wav")))


def test_numbers_that_are_none_are_never_written(tmp_path: Path) -> None:
    soundfile.write(
        tmp_path / "a.wav", np.where(np.arange(len(LEFT)) == 9, np.nan, LEFT), RATE, subtype="FLOAT"
    )
    data = make(tmp_path / "data", str(tmp_path / "a.wav"))
    with pytest.raises(UserError, match="expected samples that are numbers, found NaN"):
        format_data(data, tmp_path / "out", "xx", 1)
    assert [one.reason.partition(":")[0] for one in read_own(data, tmp_path / "own")[1]] == ["nan"]


def test_a_flac_out_of_a_pipe_with_segments(tmp_path: Path, ffmpeg: Callable[..., Path]) -> None:
    data = make(tmp_path / "data", str(ffmpeg("a.flac", LEFT, RATE, "-f", "flac", streamed=True)))
    assert [pitch(one) for one in both_ways(data, tmp_path / "out").values()] == [[440]] * PARTS
    assert not faults(data)


def test_a_command_is_run_once_for_all_its_segments_and_speeds(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", LEFT, RATE)
    data = make(tmp_path / "data", f"echo run >> {tmp_path}/runs; cat {tmp_path}/a.flac |")
    format_data(data, tmp_path / "out", "xx", 4, speeds=[0.9, 1.0], allow_pipes=True)
    assert (tmp_path / "runs").read_text() == "run\n"
    assert len(read_data_dir(tmp_path / "out")) == 2 * PARTS


def test_a_command_that_ends_early_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", LEFT, RATE)
    data = make(tmp_path / "data", f"head -c 100000 {tmp_path}/a.wav |")
    with pytest.raises(
        UserError, match=r"utterance s0-0: cannot read .* frames, as its header says, found fewer"
    ):
        format_data(data, tmp_path / "out", "xx", 1, allow_pipes=True)


def test_m4a_with_an_ffmpeg_and_without(
    tmp_path: Path, ffmpeg: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    data = make(tmp_path / "data", str(ffmpeg("a.m4a", LEFT, RATE)))
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(PARTS):
        ffmpeg(f"folder/{number}.m4a", LEFT[: (number + 2) * RATE], RATE)
        (folder / f"{number}.txt").write_text(f"a b {number}")
    assert [pitch(one) for one in both_ways(data, tmp_path / "out").values()] == [[440]] * PARTS
    assert not faults(data)
    assert len(read_own(folder, tmp_path / "own")[0]) == PARTS
    request.getfixturevalue("no_ffmpeg")
    assert faults(data) == {("error", "decoder")}
    for reading in (
        lambda: format_data(data, tmp_path / "new", "xx", 1),
        lambda: read_own(data, tmp_path / "own"),
    ):
        with pytest.raises(
            UserError, match=rf"ffmpeg is not on PATH; expected it for {tmp_path}/a.m4a: install it"
        ):
            reading()
    with pytest.raises(UserError, match=rf"expected it for {folder}/\d.m4a.*: install it"):
        read_own(folder, tmp_path / "own")
    shutil.copy(folder / "0.m4a", folder / "0.wav")
    with pytest.raises(
        UserError, match=r"expected ffmpeg on PATH, which decodes this kind, found none"
    ):
        read_own(make(tmp_path / "data", str(folder / "0.wav")), tmp_path / "own")


def test_ordinary_wavs_are_used_where_they_are(tmp_path: Path) -> None:
    data = make(tmp_path / "data", "")
    (data / "segments").unlink()
    lines = []
    for number in range(PARTS):
        soundfile.write(
            tmp_path / f"{number}.wav", LEFT[: (number + 2) * RATE], RATE, subtype="PCM_16"
        )
        lines.append(f"s{number % 3}-{number} {tmp_path}/{number}.wav\n")
    (data / "wav.scp").write_text("".join(lines))
    format_data(data, tmp_path / "out", "xx", 1)
    assert {one.wav for one in read_data_dir(tmp_path / "out")} == {
        f"{tmp_path}/{n}.wav" for n in range(PARTS)
    }
    assert {one.wav for one in read_own(data, tmp_path / "own")[0]} == {
        f"{tmp_path}/{n}.wav" for n in range(PARTS)
    }
