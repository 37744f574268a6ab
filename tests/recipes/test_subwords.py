"""`phn.sh` on subwords, for real: words of tones, spelled, with an n-gram of the subwords."""

import json
import os
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
TONES = {"a": 300, "e": 600, "i": 1200, "o": 2400, " ": 0}
WORDS = ("aoe", "ia", "oi", "eea")
RULES = "Orth,Phon\na,aː\ne,é\ni,i\no,o\n"


def run(*words: object) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*map(str, words)], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one's own: what is sung is beside each recording, with capitals and points."""
    folder = tmp_path_factory.mktemp("songs")
    rng = np.random.default_rng(0)
    times = np.arange(RATE // 5) / RATE
    for number in range(8):
        said = " ".join(rng.choice(WORDS, 2))
        samples = np.concatenate([np.sin(2 * np.pi * TONES[mark] * times) for mark in said])
        samples = 0.3 * samples + 0.01 * rng.standard_normal(len(samples))
        for split in ("train", "dev", "test"):
            place = folder / split / f"{number}.wav"
            place.parent.mkdir(exist_ok=True)
            soundfile.write(place, samples, RATE)
            place.with_suffix(".txt").write_text(f"{said.capitalize()}.\n")
    return folder


@pytest.fixture(scope="module")
def command(
    songs: Path,
    upstream: Path,
    make_training: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[object]:
    """What runs experiments on them; the recipe's directory is the third word."""
    recipe = tmp_path_factory.mktemp("recipe")
    tiny = make_training(recipe)
    return [
        *(ROOT / "egs2/TEMPLATE/phn1/phn.sh", "--recipe", recipe, "--corpus", "own"),
        *("--own", songs, "--upstream", upstream, "--train_config", tiny, "--updates", "300"),
        *("--method", "dense", "--skip_check", "true"),
    ]


def test_words_come_out_of_subwords(command: list[object], songs: Path, tmp_path: Path) -> None:
    recipe = Path(str(command[2]))
    words = ("--token_type", "bpe", "--nbpe", "9", "--use_ngram", "true")
    done = run(*command, *words)
    assert done.returncode == 0, done.stderr
    (exp,) = recipe.glob("exp/phn_dense_*_train_bpe9_u300_seed0")
    result = Result.read(exp / "result.json")
    assert (result.metric, result.reference_length, result.pfer) == ("wer", 16, None)
    assert result.options is not None
    assert (result.options["token_type"], result.options["nbpe"]) == ("bpe", 9)
    tokens = (recipe / "dump/letters/token_list/train_bpe9.txt").read_text().split()
    assert len(tokens) == 9
    text = (recipe / "dump/letters/raw_bpe9/test/text").read_text().splitlines()
    assert all(line.split()[1].startswith("▁") for line in text)
    ngram = (recipe / "exp/ngram_train_bpe9/3gram.arpa").read_text()
    assert "▁" in ngram
    said = {line.split("\t")[0] for line in (exp / "decode_greedy/test/score/ref.trn").open()}
    assert said <= {f"{one} {other}" for one in WORDS for other in WORDS}
    assert result.error_rate < 0.5
    assert run(*command, *words).stderr.count("complete, skipped") > 10

    heard = recognize(exp, songs / "test/0.wav", "--format", "json")
    assert heard["text"] == " ".join(one["word"] for one in heard["words"])
    assert set(heard["text"]) <= set("aeio ")
    assert all(one["begin"] < one["end"] for one in heard["words"])
    assert "".join(one["subword"] for one in heard["subwords"]).startswith("▁")

    export = "parp_espnet.bin.export"
    made = run(sys.executable, "-m", export, exp, tmp_path / "m", "--to", "bundle", "espnet")
    assert made.returncode == 0, made.stderr
    assert recognize(tmp_path / "m/bundle", songs / "test/0.wav", "--format", "json") == heard
    refused = run(sys.executable, "-m", export, exp, tmp_path / "hf", "--to", "hf")
    assert refused.returncode != 0
    assert "hf: expected phones or letters, found subwords" in refused.stderr.splitlines()[-1]
    assert not (tmp_path / "hf").exists()
    _by_stock_espnet(tmp_path / "m/espnet/model.zip", songs / "test/0.wav", tmp_path)


def _by_stock_espnet(packed: Path, recording: Path, scratch: Path) -> None:
    """What its own unpacking and decoding make of the zip is words."""
    script = (
        "import sys, soundfile\n"
        "from espnet2.main_funcs.pack_funcs import unpack\n"
        "from espnet2.bin.asr_inference import Speech2Text\n"
        "found = unpack(sys.argv[1], sys.argv[2])\n"
        "speech2text = Speech2Text(**found, ctc_weight=1.0, beam_size=1)\n"
        "print('said:', speech2text(soundfile.read(sys.argv[3])[0])[0][0])\n"
    )
    done = run(sys.executable, "-c", script, packed, scratch / "unpacked", recording)
    assert done.returncode == 0, done.stderr
    said = done.stdout.partition("said: ")[2].strip()
    assert set(said) <= set("aeio ")


def recognize(*words: object) -> dict[str, object]:
    done = run(sys.executable, "-m", "parp_espnet.bin.recognize", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_a_number_that_the_text_does_not_allow(command: list[object]) -> None:
    words = ("--token_type", "bpe", "--nbpe", "400", "--stop_stage", "4")
    done = run(*command, *words)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "error: phn.sh: --nbpe 400: the text of dump/letters/raw/train has fewer"
    )


def test_rules_of_ones_own(command: list[object], tmp_path: Path) -> None:
    recipe = Path(str(command[2]))
    table = tmp_path / "rules.csv"
    table.write_text(RULES)
    words = ("--phonemise", table, "--stop_stage", "4")
    done = run(*command, *words)
    assert done.returncode == 0, done.stderr
    tokens = (recipe / "dump/token_list/train.txt").read_text().split()
    assert sorted(tokens[2:-1]) == sorted(["aː", "e\u0301", "i", "o"])
    assert "started" not in run(*command, *words).stderr
    table.write_text(RULES.replace("i,i", "i,ɪ"))
    assert f"again, since {table} has changed" in run(*command, *words).stderr
    table.write_text(RULES.replace("o,o\n", ""))
    refused = run(*command, *words)
    assert refused.returncode == 2
    last = refused.stderr.splitlines()[-1]
    assert "expected letters of rules.csv, found o (U+006F) in …" in last
    assert "are these the transcripts, and of this language?" in last
