"""Recordings that are too long to train on: tones, whose true times the test knows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.bin import cut_data
from parp_espnet.data.lines import read_table
from parp_espnet.pipeline.formatting import format_data

type Run = Callable[..., tuple[object, str, str]]
TONE = 0.2
"""Seconds of each."""
LONGEST = 4.0


@pytest.fixture(autouse=True)
def loud():
    """Opening a model silences the log of this process, which is the tests'."""
    import logging  # noqa: PLC0415

    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def long(tones: Path, tmp_path: Path) -> Path:
    """A data directory with all tones in one recording, and one of them alone."""
    data = tmp_path / "data"
    data.mkdir()
    texts = read_table(tones / "text")
    samples = [soundfile.read(tones / f"{name}.wav", dtype="float32")[0] for name in texts]
    soundfile.write(tmp_path / "all.wav", np.concatenate(samples), 16000)
    (data / "wav.scp").write_text(f"ana-all {tmp_path}/all.wav\nben-one {tones}/tone-0.wav\n")
    said = " ".join(texts.values())
    (data / "text").write_text(f"ana-all {said}\nben-one {texts['tone-0']}\n")
    (data / "utt2spk").write_text("ana-all ana\nben-one ben\n")
    return data


def cut(run: Run, data: Path, model: Path, *words: object) -> tuple[object, str, str]:
    out = data.with_name("cut")
    given = ("--data", data, "--out", out, "--model", model, "--max_duration", LONGEST)
    return run(cut_data.main, *given, *words)


def test_pieces_have_the_tones_that_are_in_them(learned: Path, long: Path, run_command: Run):
    code, said, _ = cut(run_command, long, learned, "--needed")
    assert code == 0
    assert "1 longer than 4 s" in said
    assert "1 others as they are" in said
    out = long.with_name("cut")
    texts, segments = read_table(out / "text"), read_table(out / "segments")
    assert texts.keys() == segments.keys() == read_table(out / "utt2spk").keys()
    assert segments["ben-one"] == "ben-one 0 -1"
    pieces = [name for name in texts if name.startswith("ana-all-")]
    everything = read_table(long / "text")["ana-all"].split()
    assert " ".join(texts[name] for name in pieces).split() == everything
    at = 0
    for name in pieces:
        recording, begin, end = segments[name].split()
        assert recording == "ana-all"
        assert float(end) - float(begin) <= LONGEST
        assert abs(float(begin) - TONE * at) < 0.1
        at += len(texts[name].split())
        assert abs(float(end) - TONE * at) < 0.1
    assert len(pieces) > 1
    assert read_table(out / "utt2spk")[pieces[0]] == "ana"
    # Of one that is whole, no copy is made.
    format_data(out, out.with_name("org"), "und", 1)
    recordings = read_table(out.with_name("org") / "wav.scp")
    assert recordings["ben-one"].endswith("tone-0.wav")
    assert soundfile.info(recordings[pieces[0]]).frames < LONGEST * 16000 + 1


def test_parts_and_channels_are_cut_where_they_are(learned: Path, long: Path, run_command: Run):
    samples, rate = soundfile.read(long.with_name("all.wav"), dtype="float32")
    noise = np.random.default_rng(0).normal(size=len(samples) + 3 * rate) / 10
    own = np.concatenate([noise[: 2 * rate], samples, noise[:rate]])
    soundfile.write(long.with_name("stereo.flac"), np.stack([noise, own], 1), rate)
    (long / "wav.scp").write_text(f"tape {long.with_name('stereo.flac')}\n")
    end = 2 + len(samples) / rate
    (long / "segments").write_text(f"ana-all tape 2.0 {end}\nben-one tape 2.0 2.6\n")
    (long / "reco2file_and_channel").write_text("tape tape 2\n")
    code, _, _ = cut(run_command, long, learned)
    out = long.with_name("cut")
    segments, texts = read_table(out / "segments"), read_table(out / "text")
    assert code == 0
    assert segments["ben-one"] == "tape 2.0 2.6"
    at = 2.0
    for name in sorted(segments.keys() - {"ben-one"}):
        recording, begin, _, channel = segments[name].split()
        assert (recording, channel) == ("tape", "1")
        assert abs(float(begin) - at) < 0.1
        at += TONE * len(texts[name].split())


def test_what_is_not_said_there_is_rejected(learned: Path, long: Path, run_command: Run):
    """Of a second recording, with the text of the first one backwards."""
    texts = read_table(long / "text")
    tones = texts["ana-all"].split()
    other = {"s": "t", "t": "s"}
    wrong = " ".join(other.get(tone, tone) for tone in tones[::-1])
    with (long / "wav.scp").open("a") as scp, (long / "text").open("a") as text:
        scp.write(f"zoe-all {long.with_name('all.wav')}\n")
        text.write(f"zoe-all {wrong}\n")
    code, said, _ = cut(run_command, long, learned)
    out = long.with_name("cut")
    assert code == 0
    assert "left out" in said
    assert str(out / "rejected.tsv") in said
    rejected = (out / "rejected.tsv").read_text().splitlines()[1:]
    assert rejected
    kept = read_table(out / "text")
    for line in rejected:
        where, item, why, reason = line.split("\t")
        assert where == str(long / "text")
        assert item.startswith("zoe-all-")
        assert item not in kept
        assert why in ("unsure", "uncut")
        assert "expected" in reason
    assert sum(name.startswith("ana-all-") for name in kept) > 1


def test_bad_inputs_are_one_line(learned: Path, long: Path, tones: Path, run_command: Run):
    texts = read_table(long / "text")

    def refused(text: str, expected: str, *words: object) -> None:
        (long / "text").write_text(f"ana-all {text}\nben-one {texts['ben-one']}\n")
        code, _, err = cut(run_command, long, learned, *words)
        assert code == 2
        (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
        assert expected in line

    first = texts["ana-all"].split()[0]
    refused("q x " * 9, "found no tokens for q, x (18 in")
    refused(f"{first} <space> {first}", "expected a model of letters, with words")
    refused(f"{first} " * 900, "no piece of 1 long recordings could be aligned")
    (long / "wav.scp").write_text(f"ana-all {tones}/tone-1.wav\nben-one {tones}/tone-0.wav\n")
    refused(first, "expected recordings longer than 4 s to cut, found none", "--needed")
    code, said, _ = cut(run_command, long, learned)
    assert code == 0
    assert "nothing is longer than 4 s" in said
    assert read_table(long.with_name("cut") / "segments")["ana-all"] == "ana-all 0 -1"


def test_a_piece_is_never_called_as_another_is(
    learned: Path, long: Path, tones: Path, run_command: Run
):
    texts = read_table(long / "text")
    (long / "wav.scp").write_text(
        f"ana-all {long.with_name('all.wav')}\nana-all-0001 {tones}/tone-0.wav\n"
    )
    (long / "text").write_text(f"ana-all {texts['ana-all']}\nana-all-0001 {texts['ben-one']}\n")
    code, _, err = cut(run_command, long, learned)
    assert code == 2
    assert "a piece of ana-all would be ana-all-0001, which is there already" in err
