"""The recipes of corpora that are not here, on small trees of their layout."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
PHN = ROOT / "egs2/TEMPLATE/phn1/phn.sh"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*map(str, words)], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture
def tiny(tmp_path: Path, make_training: Callable[..., Path]) -> Path:
    """A training configuration that learns by heart."""
    return make_training(tmp_path)


@pytest.mark.thorough
def test_a_folder_of_ones_own_is_learnt_by_heart(
    tmp_path: Path, tones: Path, upstream: Path, tiny: Path
) -> None:
    texts = dict(line.split(" ", 1) for line in (tones / "text").read_text().splitlines())
    for split in ("train", "dev", "test"):
        (tmp_path / "mine" / split).mkdir(parents=True)
        for name, text in texts.items():
            shutil.copy(tones / f"{name}.wav", tmp_path / "mine" / split)
            (tmp_path / "mine" / split / f"{name}.txt").write_text(f"{text}\n")
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    words: list[str | Path] = [
        PHN,
        "--recipe",
        recipe,
        "--corpus",
        "own",
        "--own",
        tmp_path / "mine",
    ]
    words += ["--upstream", upstream]
    words += ["--train_config", tiny, "--updates", "500", "--sparsity", "0.3"]
    refused = run(*words, "--stop_stage", "4")
    assert refused.returncode == 1, "its sets are one and the same"
    assert "same-audio" in refused.stdout + refused.stderr
    done = run(*words, "--skip_check", "true")
    assert done.returncode == 0, done.stderr
    (found,) = recipe.glob("exp/phn_parp_*/result.json")
    result = Result.read(found)
    assert result.error_rate < 0.25
    assert (result.language, result.reference_length) == ("und", 31)


def test_a_changed_table_is_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(12):
        soundfile.write(tmp_path / f"{number}.wav", 0.2 * rng.standard_normal(24000), 16000)
    table = tmp_path / "list.csv"
    table.write_text(
        "".join(f"{number}.wav,hola mundo {'sol ' * number}\n" for number in range(11))
    )
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    words: list[str | Path] = [PHN, "--recipe", recipe, "--corpus", "own", "--own", table]
    words += ["--phonemise", "es", "--stop_stage", "1"]
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert "phonemise es" not in done.stderr
    assert "started" not in run(*words).stderr
    with table.open("a") as file:
        file.write("11.wav,sol y luna\n")
    assert f"again, since what is in {table} has changed" in run(*words).stderr
    lines = [line for file in recipe.glob("data/*/text") for line in file.read_text().splitlines()]
    assert len(lines) == 12
    stopped = run(*words, "--lang", "ru", "--phonemise", "ru")
    assert stopped.returncode == 2
    message = stopped.stderr.splitlines()[-1]
    assert message.startswith(f"error: {table}:")
    assert "expected Cyrillic letters (ru), found h (LATIN)" in message
    assert "are these the transcripts of this language?" in message
    assert (recipe / "data/train/rejected.tsv").read_text().count("\n") > 5
    assert (recipe / "data/dev/text").exists(), "what was done so far is kept"


def test_common_voice_from_mp3_to_tokens(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clips = tmp_path / "cv" / "tt" / "clips"
    clips.mkdir(parents=True)
    header = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent\n"
    for place, split in enumerate(("train", "dev", "test")):
        rows = []
        for number in range(10):
            name = f"common_voice_tt_{place}{number}.mp3"
            soundfile.write(clips / name, 0.2 * rng.standard_normal(3 * 48000), 48000, format="MP3")
            sentence = f"сәлам {'дөнья ' * place} {'китап ' * (number % 5)} {'юл ' * (number // 5)}"
            rows.append(f"{split}{number % 4}\t{name}\t{sentence}\t2\t0\t\t\t\n")
        (clips.parent / f"{split}.tsv").write_text(
            header + "".join(rows) + "x\tgone.mp3\tкитап\t2\t0\t\t\t\n"
        )
    words: list[str | Path] = [
        PHN,
        "--recipe",
        tmp_path,
        "--corpus",
        "commonvoice",
        "--lang",
        "tt",
        "--commonvoice",
        tmp_path / "cv",
    ]
    done = run(*words, "--train_minutes", "0.5", "--upstream", "multi", "--stop_stage", "4")
    assert done.returncode == 0, done.stderr
    tokens = (tmp_path / "dump/token_list/train_0.5min.txt").read_text().split()
    assert {"s", "æ", "m", "j"} <= set(tokens)
    wav = (tmp_path / "dump/raw/train_0.5min/wav.scp").read_text().split()[1]
    about = soundfile.info(tmp_path / wav)
    assert (about.samplerate, about.subtype, round(about.duration, 1)) == (16000, "PCM_16", 3.0)
    assert "missing" in (tmp_path / "data/test/rejected.tsv").read_text()
    few = run(*words, "--upstream", "multi", "--stop_stage", "1")
    assert few.returncode == 2
    assert (
        "expected 60 minutes of training speech, found 0.50 that can be used"
        in few.stderr.splitlines()[-1]
    )
