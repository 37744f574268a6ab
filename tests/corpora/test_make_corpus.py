import hashlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile

from parp_espnet.data.kaldi import read_data_dir

COMMAND = [sys.executable, "-m", "parp_espnet.bin.make_corpus"]
CLDR = [
    "cldr",
    "--lang",
    "es",
    "--set",
    "dev",
    "--minutes",
    "0.3",
    "--seed",
    "1",
    "--out",
    "data/dev",
]


def _run(folder: Path, *options: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *options],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def _digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(
        b"".join(path.name.encode() + path.read_bytes() for path in files)
    ).hexdigest()


def test_cldr_is_made_once_and_the_same_every_time(tmp_path: Path) -> None:
    assert "times real time" in _run(tmp_path, *CLDR).stdout
    for one in read_data_dir(tmp_path / "data" / "dev"):
        audio = soundfile.info(tmp_path / one.wav)
        assert (audio.samplerate, audio.channels, audio.subtype) == (16000, 1, "PCM_16")
        assert audio.frames / 16000 == pytest.approx(one.duration, abs=5e-4)
    first = _digest(tmp_path / "data")
    assert "skipped" in _run(tmp_path, *CLDR, "--jobs", "1").stdout

    # Whatever is lost or left over is made again, to the same bytes.
    next((tmp_path / "data" / "dev" / "wav").iterdir()).unlink()
    (tmp_path / "data" / "dev" / "wav" / "left_over.wav").touch()
    assert "times real time" in _run(tmp_path, *CLDR, "--jobs", "1").stdout
    assert _digest(tmp_path / "data") == first


def test_a_full_disk_is_one_line_and_room_on_it_lets_the_same_command_go_on(
    small_disk: Path,
) -> None:
    words = ["--label", "stage 1 (data)", "--record", str(small_disk.with_name("dev.json")), "--"]
    command = [sys.executable, "-m", "parp_espnet.bin.step", *words, *COMMAND, *CLDR]
    full = subprocess.run(
        command, cwd=small_disk, env=_environment(), capture_output=True, text=True, check=False
    )
    assert full.returncode == 2
    assert "Traceback" not in full.stderr, full.stderr
    last = full.stderr.splitlines()[-1]
    assert re.fullmatch(
        r"error: data/dev/wav/\S+\.wav: cannot be written \(No space left on device\); make "
        r"room .*",
        last,
    )
    assert list((small_disk / "data/dev/wav").glob("*.wav"))
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    again = subprocess.run(
        command, cwd=small_disk, env=_environment(), capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert "stage 1 (data) dev: continued" in again.stderr
    assert len(read_data_dir(small_disk / "data/dev")) == len(
        list((small_disk / "data/dev/wav").iterdir())
    )


def test_other_settings_make_it_again(tmp_path: Path) -> None:
    _run(tmp_path, *CLDR)
    first = _digest(tmp_path)
    assert "times real time" in _run(tmp_path, *CLDR, "--seed", "2").stdout
    assert _digest(tmp_path) != first


def test_several_languages_are_one_set(tmp_path: Path) -> None:
    _run(tmp_path, *CLDR)
    alone = read_data_dir(tmp_path / "data" / "dev")
    _run(tmp_path, *[{"es": "es tr", "data/dev": "data/joint"}.get(word, word) for word in CLDR])
    joint = read_data_dir(tmp_path / "data" / "joint")
    assert {one.language for one in joint} == {"es", "tr"}
    assert [(one.id, one.phones) for one in joint if one.language == "es"] == [
        (one.id, one.phones) for one in alone
    ]


def test_an4(tmp_path: Path) -> None:
    assert (
        "4 utterances" in _run(tmp_path, "mini_an4", "--set", "train", "--out", "data/train").stdout
    )
    assert len(read_data_dir(tmp_path / "data" / "train")) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            [*CLDR, "--lang", "xx"],
            "error: --lang xx: no voice for this language; there are voices for ",
        ),
        ([*CLDR, "--minutes", "-1"], "error: --minutes -1: expected more than 0"),
        ([*CLDR, "--set", "valid"], "error: --set valid: expected one of train dev test"),
        (
            ["mboshi", "--mboshi", "nowhere", "--set", "dev", "--out", "data"],
            "error: --mboshi nowhere: no full_corpus",
        ),
        (
            ["mini_an4", "--set", "valid", "--out", "data"],
            "error: --set valid: expected one of train dev test",
        ),
    ],
)
def test_wrong_options_are_one_line(tmp_path: Path, options: list[str], message: str) -> None:
    done = _run(tmp_path, *options, code=2)
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("corpus.json"))


def test_interrupted_and_made_again(tmp_path: Path, wait_until: Any, end_of: Any) -> None:
    options = [*CLDR, "--minutes", "600"]
    running = subprocess.Popen(
        [*COMMAND, *options], cwd=tmp_path, env=_environment(), stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: any(tmp_path.glob("data/dev/wav/*.wav")), "the first utterance", running)
    running.send_signal(signal.SIGINT)
    _, stderr = end_of(running)
    assert running.returncode == 128 + signal.SIGINT
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("interrupted: ")
    assert not (tmp_path / "data" / "dev" / "corpus.json").exists()
    assert "times real time" in _run(tmp_path, *CLDR).stdout


@pytest.mark.parametrize("anew", [[], ["--anew"]], ids=["plain", "anew"])
@pytest.mark.parametrize("name", ["wav.scp", "text"])
def test_a_set_of_others_is_not_replaced(tmp_path: Path, name: str, anew: list[str]) -> None:
    """What a linguist had put into data/dev by hand was gone, without a word."""
    own = tmp_path / "data/dev" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine 1\n")
    done = _run(tmp_path, *CLDR, *anew, code=2)
    assert done.stderr.startswith("error: data/dev: expected a set that a corpus made, or none")
    assert done.stderr.count("\n") == 1
    assert own.read_text() == "mine 1\n"
    assert list(own.parent.iterdir()) == [own]


@pytest.mark.parametrize("fails", [["--lang", "xx"], ["--set", "valid"], ["--minutes", "-1"]])
def test_a_corpus_that_failed_has_made_no_set(tmp_path: Path, fails: list[str]) -> None:
    """What somebody put there instead was taken for the set that it had begun."""
    _run(tmp_path, *CLDR, *fails, code=2)
    own = tmp_path / "data/dev/text"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("mine 1\n")
    assert "found one of others" in _run(tmp_path, *CLDR, code=2).stderr
    assert own.read_text() == "mine 1\n"


def test_a_set_whose_corpus_failed_since_is_a_corpus_set_all_the_same(tmp_path: Path) -> None:
    _run(tmp_path, *CLDR)
    made = _digest(tmp_path)
    _run(tmp_path, *CLDR, "--lang", "xx", code=2)
    assert not (tmp_path / "data/dev/corpus.json").exists()
    _run(tmp_path, *CLDR)
    assert _digest(tmp_path) == made


def test_a_set_that_was_edited_is_a_corpus_set_all_the_same(tmp_path: Path) -> None:
    """Where a second run that makes it anew was interrupted, too."""
    _run(tmp_path, *CLDR)
    made = _digest(tmp_path)
    text = tmp_path / "data/dev/text"
    text.write_text("".join(text.read_text().splitlines(keepends=True)[1:]))
    _run(tmp_path, *CLDR, "--anew")
    (tmp_path / "data/dev/corpus.json").rename(tmp_path / "data/dev/corpus.begun")
    _run(tmp_path, *CLDR)
    assert _digest(tmp_path) == made
