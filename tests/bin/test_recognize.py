"""`parp-recognize`: what it prints, where it writes, and how it ends."""

import json
import sys
from pathlib import Path

import pytest
import soundfile

from parp_espnet.bin import recognize


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["parp-recognize", *map(str, words)])
    try:
        recognize.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(autouse=True)
def loud():
    """The command silences the log of this process, which is the tests'."""
    import logging  # noqa: PLC0415

    yield
    logging.disable(logging.NOTSET)


def test_to_stdout_from_anywhere(
    learned: Path,
    tones: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, learned, tones / "tone-0.wav") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {row[0] for row in rows} == {str(tones / "tone-0.wav")}
    assert all(float(begin) < float(end) and phone in "aeio" for _, begin, end, phone in rows)


def test_what_fails_is_said_and_the_others_are_done(
    learned: Path,
    tones: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    (tmp_path / "bad.mp3").write_text("words")
    (tmp_path / "none").mkdir()
    words = ["--format", "json", "--out", tmp_path / "all.jsonl"]
    assert call(monkeypatch, learned, tmp_path / "bad.mp3", tmp_path / "none", tones, *words) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert [line.split(": ")[1] for line in errors] == [
        str(tmp_path / "bad.mp3"),
        str(tmp_path / "none"),
    ]
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [line["file"] for line in lines] == [
        str(tones / f"tone-{number}.wav") for number in range(8)
    ]
    assert (
        call(monkeypatch, learned, tones, "--format", "textgrid", "--out", tmp_path / "grids") == 0
    )
    assert len(list((tmp_path / "grids").glob("*.TextGrid"))) == 8


def test_what_cannot_be_done_at_all(
    learned: Path,
    tones: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for words, said in (
        ((tmp_path, tones), f"error: {tmp_path}: expected an experiment (training.json), a bundle"),
        (
            (learned, tones, "--batch_seconds", "0"),
            "error: --batch_seconds 0: expected seconds, more than 0",
        ),
        (
            (learned, tones, "--batch_seconds", "nan"),
            "error: --batch_seconds nan: expected seconds, more than 0",
        ),
        (
            (learned, tones, "--batch_seconds", "1e400"),
            "error: --batch_seconds 1e400: expected seconds, more than 0",
        ),
        (
            (learned, tones, "--out", tones / "tone-0.wav/x"),
            f"error: {tones}/tone-0.wav/x/any: expected directories, found a file",
        ),
        (
            (learned, tones, "--format", "textgrid"),
            "error: --out: 8 recordings cannot go to stdout",
        ),
        ((learned, tones, "--device", "cuda:77"), "error: --device cuda:77: no such device here"),
    ):
        assert call(monkeypatch, *words) == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith(said)


def test_times_as_praat_has_them(
    learned: Path,
    tones: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    samples, rate = soundfile.read(tones / "tone-0.wav")
    soundfile.write(tmp_path / "a.mp3", samples, rate, format="MP3")
    begins = {}
    for times in ("decoded", "praat"):
        assert (
            call(
                monkeypatch, learned, tmp_path / "a.mp3", tones / "tone-0.wav", "--mp3_times", times
            )
            == 0
        )
        rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
        for name in {row[0] for row in rows}:
            begins[times, Path(name).name] = [float(row[1]) for row in rows if row[0] == name]
    later = [begin + 0.066 for begin in begins["decoded", "a.mp3"]]
    assert begins["praat", "a.mp3"] == pytest.approx(later, abs=1e-3)
    assert begins["praat", "tone-0.wav"] == begins["decoded", "tone-0.wav"]
