"""Stage 1 of `phn.sh` does not hand on what is at fault."""

import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.data.kaldi import Utterance, write_data_dir

ROOT = Path(__file__).resolve().parents[2]
SETS = ("train", "dev", "test")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe directory with three sets of two utterances, of which one in train is cut off."""
    directory = tmp_path / "my recipe"
    for seed, name in enumerate(SETS):
        utterances = []
        for number in (1, 2):
            wav = directory / "wav" / f"{name}-{number}.wav"
            wav.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(10 * seed + number).integers(-3000, 3000, 16000, np.int16)
            soundfile.write(wav, noise, 16000, subtype="PCM_16")
            phones = ("o", "l", "a", "tt", *["a"] * (2 * seed + number - 2))
            utterances.append(
                Utterance(wav.stem, name, "xx", f"wav/{wav.name}", phones, "hello", 1.0)
            )
        write_data_dir(directory / "data" / name, utterances)
    broken = directory / "wav" / "train-1.wav"
    broken.write_bytes(broken.read_bytes()[:9000])
    return directory


def run(recipe: Path, *more: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "egs2/TEMPLATE/phn1/phn.sh"
    words = [
        str(script),
        "--recipe",
        str(recipe),
        "--lang",
        "xx",
        "--upstream",
        str(recipe),
        "--stop_stage",
        "2",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*words, *more], capture_output=True, text=True, check=False, env=environment
    )


def test_words_in_the_place_of_phones_are_asked_about(recipe: Path) -> None:
    broken = recipe / "wav" / "train-1.wav"
    soundfile.write(
        broken,
        np.random.default_rng(1).integers(-3000, 3000, 16000, np.int16),
        16000,
        subtype="PCM_16",
    )
    line = (
        "this text was written down by people who never thought about phones although they "
        "speak every day at home"
    )
    text = recipe / "data" / "train" / "text"
    text.write_text(
        f"train-train-1 {line}\ntrain-train-2 and what they write is read aloud with spaces\n"
    )
    ids = [
        row.split()[0] for row in (recipe / "data" / "train" / "wav.scp").read_text().splitlines()
    ]
    text.write_text(
        text.read_text().replace("train-train-1", ids[0]).replace("train-train-2", ids[1])
    )
    done = run(recipe, "--stop_stage", "4")
    assert done.returncode == 1
    fault, *rest = done.stdout.splitlines()
    assert fault.startswith(
        "error    words: data/train/text: expected phones with spaces between them, found "
    )
    assert "--phonemise LANG" in fault
    assert fault.endswith("if words are what is to be recognised, give --words_as_tokens true")
    # Dev's and test's phones are unseen in such a training set; that is said beside it.
    advice = [line for line in rest if not line.lstrip().startswith("warning  unseen: ")]
    assert not any("--fix" in line or "_clean" in line for line in advice), (
        "a copy of it would hold the same words"
    )
    done = run(recipe, "--words_as_tokens", "true", "--stop_stage", "1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fault_stops_it_and_the_command_that_is_printed_goes_on(recipe: Path) -> None:
    done = run(recipe)
    assert done.returncode == 1
    assert "stage 2" not in done.stderr
    assert "Traceback" not in done.stderr
    fault, summary, count, advice, then = done.stdout.splitlines()
    assert fault.startswith(
        "error    truncated: train-1: wav/train-1.wav: expected 16000 frames, as its header says"
    )
    assert summary.startswith("data/train data/dev data/test: 6 utterances, ")
    assert count.split()[:3] == ["1", "error", "truncated"]

    assert then == (
        "then give run.sh --corpus none --train_set train_clean --valid_set dev_clean --test_set "
        "test_clean; "
        "or, to go on with it as it is, --skip_check true"
    )
    command = advice.partition(": ")[2]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    fixed = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=environment
    )
    assert fixed.returncode == 0, fixed.stderr
    assert (recipe / "data/train_clean/text").read_text() == "train-2 o l a tt\n"
    clean = then.removeprefix("then give run.sh ").partition(";")[0].split()
    done = run(recipe, *clean)
    assert done.returncode == 0, done.stderr
    assert len((recipe / "dump/faults/train_clean.tsv").read_text().splitlines()) == 1
    assert "stage 1 (data) check_train_clean: complete, skipped" in run(recipe, *clean).stderr


def test_what_is_advised_below_an_absolute_directory_is_of_its_sets(
    recipe: Path, tmp_path: Path
) -> None:
    own, elsewhere = tmp_path / "own", tmp_path / "some where"
    noise = np.random.default_rng(2).integers(-3000, 3000, (6, 16000), np.int16)
    noise[5] = noise[0]
    for number, (part, wave) in enumerate(zip(["train"] * 4 + ["dev", "test"], noise, strict=True)):
        (own / part).mkdir(parents=True, exist_ok=True)
        soundfile.write(own / part / f"{number}.wav", wave, 16000)
        (own / part / f"{number}.txt").write_text(f"o {'l' * (number + 1)} a")
    done = run(recipe, "--corpus", "own", "--own", str(own), "--expdir", str(elsewhere))
    assert done.returncode == 1
    *_, advice, then = done.stdout.splitlines()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        ["bash", "-c", advice.partition(": ")[2]], capture_output=True, check=True, env=environment
    )
    words = shlex.split(then.removeprefix("then give run.sh ").partition(";")[0])
    done = run(recipe, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (recipe / "data/train_clean").exists()
    assert len((elsewhere / "dump/raw/org/train_clean/text").read_text().splitlines()) == 3


def test_what_changed_is_checked_again(recipe: Path) -> None:
    assert run(recipe, "--train_set", "dev", "--valid_set", "test").returncode == 0
    text = recipe / "data/dev/text"
    text.write_text(text.read_text().replace("o l a", "o l\u200b a", 1))
    done = run(recipe, "--train_set", "dev", "--valid_set", "test")
    assert done.returncode == 1
    assert "again, since data/dev/text has changed" in done.stderr
    assert "found U+200B (ZERO WIDTH SPACE)" in done.stdout
    text.write_text(text.read_text().replace("\u200b", ""))
    assert run(recipe, "--train_set", "dev", "--valid_set", "test").returncode == 0
    # Another recording under the same name.
    (recipe / "wav/test-2.wav").write_bytes(b"")
    done = run(recipe, "--train_set", "dev", "--valid_set", "test")
    assert "error    empty: test-2: wav/test-2.wav: " in done.stdout
    assert "again, since what data/test/wav.scp names has changed" in done.stderr


def test_the_check_can_be_left_out(recipe: Path) -> None:
    done = run(recipe, "--skip_check", "true", "--stop_stage", "1")
    assert done.returncode == 0
    assert "stage 1" not in done.stderr
