"""`phn.sh --unlabelled` for real: a model of tones labels a long recording of tones, and a second
one is trained on both.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
RATE = 16000
TONES = {"a": 300.0, "e": 600.0, "i": 1200.0, "o": 2400.0}
UPDATES = "200"


def run(command: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *more], capture_output=True, text=True, check=False, env=environment
    )


def sung(tones: str, rng: np.random.Generator) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    times = np.arange(RATE // 5) / RATE
    samples = np.concatenate([np.sin(2 * np.pi * TONES[tone] * times) for tone in tones])
    return 0.3 * samples + 0.01 * rng.standard_normal(len(samples))


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, tone_recipe: Path) -> Path:
    """A long recording with pauses, a short one, one of the test set's, and one that is damaged."""
    folder = tmp_path_factory.mktemp("work") / "field tapes"
    (folder / "day 1").mkdir(parents=True)
    rng = np.random.default_rng(5)
    parts = []
    for _ in range(6):
        parts += [sung("".join(rng.choice(list(TONES), 4)), rng), np.zeros(RATE)]
    soundfile.write(folder / "day 1" / "long.flac", np.concatenate(parts), RATE)
    soundfile.write(folder / "short.wav", sung("aeio", rng), RATE)
    line = (tone_recipe / "data/test/wav.scp").read_text().splitlines()[0]
    shutil.copy(line.split(maxsplit=1)[1], folder / "of_test.wav")
    (folder / "damaged.wav").write_bytes(b"RIFF and no more")
    return folder


@pytest.fixture(scope="module")
def command(
    tone_recipe: Path, calm_upstream: Path, make_training: Callable[..., Path]
) -> list[str]:
    """What runs experiments on the tones."""
    return [
        *(str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"), "--recipe", str(tone_recipe), "--lang", "xx"),
        *("--upstream", str(calm_upstream), "--train_config", str(make_training(tone_recipe))),
        *("--updates", UPDATES, "--method", "dense", "--skip_check", "true"),
    ]


def test_one_command_goes_through_both_rounds(
    command: list[str], speech: Path, tone_recipe: Path
) -> None:
    # All of it: of an overfitted set of eight, none is surer and better than the others.
    words = ("--unlabelled", str(speech), "--label_errors", "1")
    done = run(command, *words)
    assert done.returncode == 0, done.stderr
    (exp,) = tone_recipe.glob("exp/phn_dense_*_train_unlabelled_*")
    (first,) = tone_recipe.glob("exp/phn_dense_*_train_u[0-9]*")
    assert f"dense needs the experiment {first.name}" in done.stderr
    assert "1 left out that are in the sets, 1 that could not be read" in done.stdout
    assert "kept 0." in done.stdout
    assert not (first / "result.json").exists()
    result = Result.read(exp / "result.json")
    assert result.options is not None
    assert result.options["unlabelled"] == "field tapes"
    assert str(speech) not in (exp / "result.json").read_text()
    assert result.finetuning_runs == 2
    assert result.error_rate < 0.5
    assert 0.08 < (result.unlabelled_minutes or 0.0) < 0.2
    assert result.train_minutes == pytest.approx(0.1, abs=0.03)
    (joined,) = tone_recipe.glob("dump/raw/train_unlabelled_*")
    text = (joined / "text").read_text().splitlines()
    assert len(text) == 8 + 7
    assert (tone_recipe / "dump/raw/train/text").read_text().count("\n") == 8
    labels = json.loads((joined / "labels.json").read_text())
    assert labels["folder"] == "field tapes"
    assert labels["utterances"] == 7

    again = run(command, *words)
    assert again.returncode == 0
    assert "started" not in again.stderr
    assert "again, since" not in again.stderr


def at_work(folder: Path) -> list[str]:
    """The processes whose command line names something in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = place.read_bytes().decode(errors="replace")
            if f"{folder}/.parp-recognize" in words:
                found.append(words)
    return found


def test_ctrl_c_ends_the_jobs_and_what_is_added_alone_is_recognised(
    command: list[str], speech: Path, tone_recipe: Path, wait_until: Callable[..., None]
) -> None:
    soundfile.write(speech / "late.wav", sung("ioae", np.random.default_rng(7)), RATE)
    words = ("--unlabelled", str(speech), "--label_errors", "1", "--stop_stage", "4")
    (transcripts,) = tone_recipe.glob("dump/unlabelled/transcripts_*")
    process = subprocess.Popen(
        [*command, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    wait_until(lambda: bool(at_work(transcripts)), "a job recognises", process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 130
    assert at_work(transcripts) == []
    done = run(command, *words)
    assert done.returncode == 0, done.stderr
    assert "1 recognised, 10 before, 1 were not" in done.stderr
    (joined,) = tone_recipe.glob("dump/raw/train_unlabelled_*")
    assert len((joined / "text").read_text().splitlines()) == 8 + 8


def test_another_model_labels_where_it_is_given(
    command: list[str], speech: Path, tone_recipe: Path
) -> None:
    (first,) = tone_recipe.glob("exp/phn_dense_*_train_u[0-9]*")
    words = ("--unlabelled", str(speech), "--label_errors", "1", "--dry_run", "true")
    shown = run(command, *words, "--labels_of", str(first))
    assert shown.returncode == 0, shown.stderr
    assert "needs the experiment" not in shown.stderr
    assert f"'{first}'" in shown.stdout


@pytest.mark.thorough
def test_what_was_exported_labels_as_its_experiment_does(
    command: list[str], speech: Path, tone_recipe: Path, tmp_path: Path
) -> None:
    (before,) = tone_recipe.glob("dump/raw/train_unlabelled_*")
    (first,) = tone_recipe.glob("exp/phn_dense_*_train_u[0-9]*")
    bundle = tmp_path / "bundle"
    export = [sys.executable, "-m", "parp_espnet.bin.export", str(first), str(bundle)]
    made = run(export, "--to", "bundle")
    assert made.returncode == 0, made.stderr
    words = ("--unlabelled", str(speech), "--label_errors", "1", "--labels_of", str(bundle))
    done = run(command, *words, "--stop_stage", "3")
    assert done.returncode == 0, done.stderr
    assert "needs the experiment" not in done.stderr
    (joined,) = set(tone_recipe.glob("dump/raw/train_unlabelled_*")) - {before}
    assert (joined / "text").read_text() == (before / "text").read_text()


def test_phones_that_the_language_has_not_are_not_heard(
    command: list[str], speech: Path, tone_recipe: Path, tmp_path: Path
) -> None:
    (first,) = tone_recipe.glob("exp/phn_dense_*_train_u[0-9]*")
    recipe = tmp_path / "without o"
    shutil.copytree(tone_recipe / "data", recipe / "data")
    for name in ("train", "dev", "test"):
        text = recipe / "data" / name / "text"
        lines = [line.split(maxsplit=1) for line in text.read_text().splitlines()]
        text.write_text("".join(f"{key} {said.replace('o', 'i')}\n" for key, said in lines))
    words = ("--unlabelled", str(speech), "--label_errors", "1", "--labels_of", str(first))
    done = run(command, *words, "--recipe", str(recipe), "--stop_stage", "4")
    assert done.returncode == 0, done.stderr
    (joined,) = recipe.glob("dump/raw/train_unlabelled_*")
    heard = {
        phone for line in (joined / "text").read_text().splitlines() for phone in line.split()[1:]
    }
    assert heard == {"a", "e", "i"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--unlabelled", "{empty}"), "expected audio files in it, found none"),
        (("--unlabelled", "{empty}/none"), "expected a directory of recordings, found nothing"),
        (("--unlabelled", "{tests}"), "expected recordings that no set has, found 8"),
        (("--labels_of", "exp/x"), "--labels_of exp/x changes nothing without --unlabelled"),
        (("--label_errors", "0.5"), "--label_errors 0.5 changes nothing without --unlabelled"),
        (("--unlabelled", "{speech}", "--updates", "0"), "expected --updates of 1 or more"),
        (("--unlabelled", "{speech}", "--lang", "xx yy"), "expected one language"),
        (("--unlabelled", "{speech}", "--labels_of", "{empty}"), "found none of them"),
        (("--unlabelled", "{speech}", "--labels_of", "gone"), "found no such file or directory"),
        (("--unlabelled", "{speech}", "--label_errors", "1.1"), "at most 1"),
    ],
)
def test_what_cannot_be_is_one_line(
    command: list[str],
    speech: Path,
    tmp_path: Path,
    tones: Path,
    words: tuple[str, ...],
    message: str,
) -> None:
    places = {"empty": tmp_path, "speech": speech, "tests": tones}
    done = run(command, *(word.format(**places) for word in words))
    assert done.returncode != 0
    *_, last = done.stderr.strip().splitlines()
    assert message in last
    assert "Traceback" not in done.stderr
