import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import UserError
from parp_espnet.pipeline.formatting import filter_data, format_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A user's directory: one utterance as it has to be, one at 8 kHz, one FLAC, one without
    phones.
    """
    folder = tmp_path / "my data"
    folder.mkdir()
    for name, rate, seconds, subtype in (
        ("good.wav", 16000, 1.0, "PCM_16"),
        ("slow.wav", 8000, 2.0, "PCM_16"),
        ("other.flac", 16000, 0.1, "PCM_24"),
        ("silent.wav", 16000, 1.0, "PCM_16"),
    ):
        tone = 0.1 * np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 440 / rate)
        soundfile.write(folder / name, tone, rate, subtype=subtype)
    names = {"s1-a": "good.wav", "s1-b": "slow.wav", "c": "other.flac", "d": "silent.wav"}
    (folder / "wav.scp").write_text(
        "".join(f"{id_} {folder / name}\n" for id_, name in names.items())
    )
    (folder / "text").write_text("s1-a o l a\ns1-b tʰ ɔ̃\nc a\nd\n")
    (folder / "utt2spk").write_text("s1-a s1\ns1-b s1\nc s2\nd s2\n")
    return folder


def test_any_directory_becomes_a_complete_one(data: Path, tmp_path: Path) -> None:
    line = format_data(data, tmp_path / "out", "es", jobs=2)
    assert "3 utterances" in line
    assert "2 converted to 16 kHz mono, 1 without phones left out" in line
    found = {utterance.id: utterance for utterance in read_data_dir(tmp_path / "out")}
    assert list(found) == ["s1-a", "s1-b", "s2-c"]
    assert found["s1-a"].wav == str(data / "good.wav")
    assert found["s1-b"].duration == pytest.approx(2.0)
    assert found["s1-b"].phones == ("tʰ", "ɔ̃")
    assert found["s2-c"].language == "es"
    about = soundfile.info(found["s1-b"].wav)
    assert (about.samplerate, about.channels, about.subtype) == (16000, 1, "PCM_16")


def test_segments_are_cut(data: Path, tmp_path: Path) -> None:
    (data / "segments").write_text("s1-a s1-a 0.25 0.75\ns1-b s1-b 0.5 2\n")
    (data / "text").write_text("s1-a o\ns1-b l\n")
    format_data(data, tmp_path / "out", "es", jobs=1)
    assert [one.duration for one in read_data_dir(tmp_path / "out")] == pytest.approx([0.5, 1.5])


def test_other_speeds_are_other_speakers(data: Path, tmp_path: Path) -> None:
    line = format_data(data, tmp_path / "out", "es", jobs=2, speeds=[0.8, 1.0])
    assert "6 utterances" in line
    assert "1 without phones left out" in line
    found = {one.id: one for one in read_data_dir(tmp_path / "out")}
    assert list(found) == ["s1-a", "s1-b", "s2-c", "sp0.8-s1-a", "sp0.8-s1-b", "sp0.8-s2-c"]
    assert found["s1-a"].wav == str(data / "good.wav")
    assert found["sp0.8-s1-a"].duration == pytest.approx(found["s1-a"].duration / 0.8, abs=0.001)
    assert (found["sp0.8-s1-a"].speaker, found["sp0.8-s1-a"].phones) == (
        "sp0.8-s1",
        found["s1-a"].phones,
    )
    samples, rate = soundfile.read(found["sp0.8-s1-a"].wav)
    strongest = abs(np.fft.rfft(samples)).argmax() * rate / len(samples)
    assert strongest == pytest.approx(440 * 0.8, abs=2)


def test_short_and_long_utterances_are_left_out(data: Path, tmp_path: Path) -> None:
    format_data(data, tmp_path / "org", "es", jobs=1)
    assert "1 utterances" in filter_data(tmp_path / "org", tmp_path / "out", 0.25, 1.5)
    assert [one.id for one in read_data_dir(tmp_path / "out")] == ["s1-a"]
    with pytest.raises(UserError, match=r"no utterance lasts 5 to 9 s, found 0\.1 to 2"):
        filter_data(tmp_path / "org", tmp_path / "out", 5, 9)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text", None, "text: no such file"),
        ("text", "", "text: the file is empty"),
        ("text", "s1-a a\ns1-a b\n", "text, line 2: s1-a for the second time"),
        ("text", "x a\n", "utterance x has a text and no recording"),
        ("text", "s1-a\n", "no utterance has both"),
        ("text", b"s1-a \xff\n", "expected UTF-8"),
        (
            "wav.scp",
            "s1-a sox x.wav - |\n",
            "s1-a is a command .* give --allow_pipes true where you trust it",
        ),
        ("wav.scp", "s1-a | tee x\n", "s1-a is a command"),
        ("wav.scp", "s1-a -\n", "s1-a is a command"),
        (
            "wav.scp",
            "s1-a up/../../x.wav\n",
            r"s1-a is a path that goes up \(up/../../x.wav\); expected a file",
        ),
        ("wav.scp", "s1-a /dev/zero\ns1-b x\nc x\nd x\n", "cannot read /dev/zero: expected a file"),
        (
            "segments",
            "s1-a s1-a 7 8\ns1-b s1-b 0 1\nc c 0 1\nd d 0 1\n",
            "utterance s1-a: .*good.wav",
        ),
        ("segments", "s1-a s1-a 0 inf\ns1-b s1-b 0 1\nc c 0 1\n", "expected 0 <= begin < end"),
        (
            "wav.scp",
            "s1-a /nowhere/x.wav\ns1-b x\nc x\nd x\n",
            "utterance s1-a: cannot read /nowhere/x.wav",
        ),
        ("segments", "s1-a s1-a 2 1\ns1-b s1-b 0 1\nc c 0 1\n", "expected 0 <= begin < end"),
        (
            "segments",
            "s1-a s1-a 1\ns1-b s1-b 0 1\nc c 0 1\n",
            "expected '<recording> <begin> <end>'",
        ),
        (
            "segments",
            "s1-a z 0 1\ns1-b s1-b 0 1\nc c 0 1\n",
            "s1-a: expected a recording of wav.scp, found z",
        ),
    ],
)
def test_what_is_wrong_is_named(
    data: Path, tmp_path: Path, name: str, content: str | bytes | None, message: str
) -> None:
    if content is None:
        (data / name).unlink()
    else:
        (data / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=message):
        format_data(data, tmp_path / "out", "es", jobs=1)


def test_commands_and_paths_upwards_where_they_are_allowed(data: Path, tmp_path: Path) -> None:
    lines = [
        f"s1-a cat '{data / 'good.wav'}' |\n", f"s1-b {data}/../{data.name}/slow.wav\n",
        f"c cat '{data / 'other.flac'}' | cat |\n", f"d {data / 'silent.wav'}\n",
    ]  # fmt: skip
    (data / "wav.scp").write_text("".join(lines))
    line = format_data(data, tmp_path / "out", "es", jobs=2, allow_pipes=True)
    assert "3 converted to 16 kHz mono" in line
    found = {one.id: one for one in read_data_dir(tmp_path / "out")}
    assert [round(one.duration, 2) for one in found.values()] == [1.0, 2.0, 0.1]
    (tmp_path / "cut.wav").write_bytes(Path(found["s1-a"].wav).read_bytes())
    assert np.array_equal(
        soundfile.read(tmp_path / "cut.wav")[0], soundfile.read(data / "good.wav")[0]
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("echo no such disk >&2; exit 3 |", r"ended with exit code 3 \(no such disk\)"),
        ("false | cat |", r"ended with exit code 1 \(it said nothing\)"),
        ("echo hello |", "cannot read echo hello"), ("true |", "cannot read true"),
        ("| cat", "is a command"), ("-", "is a command"), ("|", "is a command"),
    ],
)  # fmt: skip
def test_a_command_that_makes_no_recording(
    data: Path, tmp_path: Path, command: str, says: str
) -> None:
    (data / "wav.scp").write_text(f"s1-a {command}\n")
    (data / "text").write_text("s1-a o\n")
    with pytest.raises(UserError, match=says) as caught:
        format_data(data, tmp_path / "out", "es", jobs=1, allow_pipes=True)
    assert len(str(caught.value).splitlines()) == 1


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gone: no such data directory"):
        format_data(tmp_path / "gone", tmp_path / "out", "es", jobs=1)


def test_two_channels_are_averaged(data: Path, tmp_path: Path) -> None:
    soundfile.write(data / "good.wav", np.tile([0.5, 0.25], (1600, 1)), 16000)
    format_data(data, tmp_path / "out", "es", jobs=1)
    made = {one.id: one for one in read_data_dir(tmp_path / "out")}["s1-a"]
    assert soundfile.read(made.wav)[0] == pytest.approx(np.full(1600, 0.375), abs=1e-4)


def test_an_mp3_without_a_decoder(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(data / "good.mp3", np.zeros(48000), 48000, format="MP3")
    (data / "wav.scp").write_text((data / "wav.scp").read_text().replace("good.wav", "good.mp3"))
    format_data(data, tmp_path / "out", "es", jobs=1)
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        UserError,
        match=r"good\.mp3: .* this libsndfile \([\d.]+\) decodes no mp3, .* expected libsnd",
    ):
        format_data(data, tmp_path / "other", "es", jobs=1)


def test_a_full_disk_keeps_what_was_converted(data: Path, small_disk: Path) -> None:
    speeds = [0.5 + 0.05 * number for number in range(20)]  # 1.2 MB or more
    with pytest.raises(
        UserError,
        match=r"/sp\S+\.wav: cannot be written \(No space left on device\); make room there",
    ):
        format_data(data, small_disk / "out", "es", jobs=2, speeds=speeds)
    kept = list((small_disk / "out/wav").iterdir())
    assert kept
    assert all(soundfile.info(file).frames for file in kept)


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ("../../x", "a name, not a path"),
        ("/tmp/x", "a name, not a path"),
        ("s1/../../../x", "a name, not a path"),
        (".", "a name, not a path"),
        ("a//b", "a name, not a path"),
        ("a\x1b[2J", "letters without control characters"),
    ],
)
@pytest.mark.parametrize("what", ["utterance", "speaker", "recording"])
def test_an_id_that_is_a_path_is_refused(
    data: Path, tmp_path: Path, odd: str, says: str, what: str
) -> None:
    (data / "segments").write_text("s1-b s1-b 0.5 2\n")
    (data / "text").write_text("s1-b o\n")
    (data / "utt2spk").write_text("s1-b s1\n")
    for name in ("segments", "text", "utt2spk", "wav.scp"):
        file = data / name
        words = [line.split(" ") for line in file.read_text().splitlines()]
        place = {"utterance": 0, "speaker": 1, "recording": 0 if name == "wav.scp" else 1}[what]
        names = {"utterance": ("segments", "text", "utt2spk"), "speaker": ("utt2spk",)}
        if name in names.get(what, ("segments", "wav.scp")):
            for line in words:
                line[place] = odd if line[place] in ("s1-b", "s1") else line[place]
        file.write_text("".join(" ".join(line) + "\n" for line in words))
    before = files_below(tmp_path)
    with pytest.raises(UserError, match=f": an id must be {says}; give it another") as caught:
        format_data(data, tmp_path / "dump/raw/out", "es", jobs=1)
    assert str(caught.value).isprintable()
    assert files_below(tmp_path) == before


def test_an_id_with_a_slash_stays_in_its_directory(data: Path, tmp_path: Path) -> None:
    for name in ("wav.scp", "text", "utt2spk"):
        file = data / name
        file.write_text(
            file.read_text().replace("s1-b", "s1/b%").replace("s1/b% s1\n", "s1/b% .s1\n")
        )
    format_data(data, tmp_path / "out", "es", jobs=1)
    found = {one.id: one for one in read_data_dir(tmp_path / "out")}
    assert found[".s1-s1/b%"].wav == str(tmp_path / "out/wav/%2Es1-s1%2Fb%25.wav")
    assert files_below(tmp_path / "out/wav") == {"%2Es1-s1%2Fb%25.wav", "s2-c.wav"}


def test_a_long_id_has_a_file(data: Path, tmp_path: Path) -> None:
    ids = ["s1-" + "ö" * 200 + end for end in "xy"]
    slow = f"{data}/slow.wav"
    for name, value in {"wav.scp": slow, "text": "o l a", "utt2spk": "s1"}.items():
        (data / name).write_text("".join(f"{id_} {value}\n" for id_ in ids))
    format_data(data, tmp_path / "out", "es", jobs=1)
    assert [one.id for one in read_data_dir(tmp_path / "out")] == ids
    assert len(files_below(tmp_path / "out/wav")) == 2


@pytest.mark.parametrize(
    ("rows", "speeds", "says"),
    [
        ({"x": "s", "s-x": "s"}, [1.0], "utterances x and s-x both become s-x"),
        ({"b-x": "a", "x": "a-b"}, [1.0], "utterances b-x and x both become a-b-x"),
        (
            {"s-x": "s", "sp0.9-s-x": "sp0.9-s"},
            [0.9, 1.0],
            "utterances s-x and sp0.9-s-x both become sp0.9-s-x",
        ),
    ],
)
def test_ids_that_become_one(
    data: Path, tmp_path: Path, rows: dict[str, str], speeds: list[float], says: str
) -> None:
    (data / "wav.scp").write_text("".join(f"{id_} {data}/slow.wav\n" for id_ in rows))
    (data / "text").write_text("".join(f"{id_} o l a\n" for id_ in rows))
    (data / "utt2spk").write_text("".join(f"{id_} {speaker}\n" for id_, speaker in rows.items()))
    with pytest.raises(UserError, match=says):
        format_data(data, tmp_path / "out", "es", jobs=1, speeds=speeds)
    assert not (tmp_path / "out").exists()


def test_a_speaker_of_two_words(data: Path, tmp_path: Path) -> None:
    (data / "utt2spk").write_text("s1-a s1 m\ns1-b s1\nc s2\nd s2\n")
    with pytest.raises(
        UserError, match="utt2spk: s1-a: speaker 's1 m': an id must be one word; give it another"
    ):
        format_data(data, tmp_path / "out", "es", jobs=1)


@pytest.mark.parametrize(
    "name",
    ["wav.scp", "text", "utt2spk", "segments", "utt2lang", "orig_text", "reco2file_and_channel"],
)
def test_a_table_that_is_a_pipe_or_a_folder(data: Path, tmp_path: Path, name: str) -> None:
    file = data / name
    file.unlink(missing_ok=True)
    file.mkdir()
    with pytest.raises(UserError, match=f"{name}: expected a file, found a directory"):
        format_data(data, tmp_path / "out", "es", jobs=1)
    file.rmdir()
    os.mkfifo(file)
    with pytest.raises(UserError, match=rf"{name}: expected a file, found a pipe \(FIFO\)"):
        format_data(data, tmp_path / "out", "es", jobs=1)
