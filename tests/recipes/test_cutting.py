"""`phn.sh --align_with` for real: what is too long is cut by a model of a round before, and goes on
to what is trained on.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.data.lines import read_table

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4.0


@pytest.fixture
def recipe(tone_recipe: Path, tones: Path) -> Path:
    """The tones, and in the training set all of them in one recording with one text, too."""
    texts = read_table(tones / "text")
    samples = [soundfile.read(tones / f"{name}.wav", dtype="float32")[0] for name in texts]
    soundfile.write(tone_recipe / "all.wav", np.concatenate(samples), 16000)
    train = tone_recipe / "data/train"
    with (train / "wav.scp").open("a") as scp, (train / "text").open("a") as text:
        scp.write(f"all {tone_recipe}/all.wav\n")
        text.write(f"all {' '.join(texts.values())}\n")
    return tone_recipe


def test_a_long_recording_becomes_utterances_with_their_texts(recipe: Path, learned: Path) -> None:
    done = subprocess.run(
        [
            *(str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"), "--recipe", str(recipe), "--lang", "xx"),
            *("--align_with", str(learned), "--max_wav_duration", str(LONGEST)),
            *("--stop_stage", "3", "--skip_check", "true"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "1 longer than 4 s" in done.stdout
    (made,) = recipe.glob("dump/raw/train_cut*")
    texts = read_table(made / "text")
    pieces = sorted(name for name in texts if name.startswith("all-"))
    assert len(pieces) > 1
    assert len(texts) == 8 + len(pieces)
    said = read_table(recipe / "data/train/text")["all"]
    assert " ".join(texts[name] for name in pieces) == said
    seconds = read_table(made / "utt2dur")
    assert all(float(seconds[name]) <= LONGEST for name in pieces)
