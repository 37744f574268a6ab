"""`phn.sh` with language models, for real: the tones of `test_phn`, with an n-gram and ESPnet's own
model of them.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from parp_espnet.decoding.arpa import read_arpa
from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def recipe(tone_recipe: Path, make_training: Callable[..., Path]) -> Path:
    """The tones' recipe with the trainings of both kinds of model."""
    make_training(tone_recipe, max_epoch=2)
    lm = yaml.safe_load((ROOT / "conf/train/lm.yaml").read_text())
    lm |= {"max_epoch": 2, "lm_conf": {"unit": 16, "nlayers": 1}}
    (tone_recipe / "small.yaml").write_text(yaml.safe_dump(lm))
    return tone_recipe


@pytest.fixture(scope="module")
def command(recipe: Path, upstream: Path) -> list[str]:
    """What runs the dense experiment."""
    return [
        str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"),
        *(
            "--recipe",
            str(recipe),
            "--lang",
            "xx",
            "--upstream",
            str(upstream),
            "--phn_tag",
            "dense",
        ),
        *("--train_config", str(recipe / "tiny.yaml"), "--method", "dense", "--updates", "240"),
        *("--skip_check", "true"),  # its sets are one and the same
    ]


def run(command: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *more], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def with_ngram(recipe: Path, command: list[str]) -> str:
    """What the run with an n-gram of the training phones has printed."""
    done = run(command, "--use_ngram", "true", "--ngram_num", "2")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_ngram_of_the_training_phones(recipe: Path, with_ngram: str) -> None:
    exp = recipe / "exp/dense"
    assert read_arpa(recipe / "exp/ngram_train/2gram.arpa").order == 2
    result = Result.read(exp / "result.json")
    tuned = json.loads((exp / "decode_beam12_ngram2/dev/weights.json").read_text())
    assert (result.decoding, result.ngram_weight, result.penalty) == (
        "beam 12",
        tuned["ngram_weight"],
        tuned["penalty"],
    )
    assert result.ngram is not None
    assert result.ngram.endswith("exp/ngram_train/2gram.arpa")
    assert (result.lm, result.lm_weight) == (None, None)
    # Validation and test set are the same here.
    assert result.error_rate == pytest.approx(tuned["error_rate"])
    lines = (exp / "decode_beam12_ngram2/dev/tune.tsv").read_text().splitlines()
    assert lines[0].split("\t")[:3] == ["lm_weight", "ngram_weight", "penalty"]
    assert len(lines) == 1 + 9 * 9
    assert f"{tuned['error_rate']:.5f}" == min(line.split("\t")[3] for line in lines[1:])
    assert "lm_weight  ngram_weight  penalty" in with_ngram


def test_the_table_has_all_decodings(recipe: Path, with_ngram: str) -> None:
    shown = [
        line.split("|")[1].strip() for line in with_ngram.splitlines() if line.startswith("| ")
    ]
    assert shown == ["decoding", "greedy/test", "beam12/test", "beam12_ngram2/test"]
    report = (recipe / "exp/RESULTS.md").read_text()
    assert "|decode_beam12_ngram2/test|8|31|" in report
    assert "| beam12_ngram2/test |" in report
    greedy = Result.read(recipe / "exp/dense/decode_greedy/test/score/result.json")
    assert (greedy.decoding, greedy.ngram, greedy.penalty) == ("greedy", None, None)


def test_one_command_compares_all_decodings(
    recipe: Path, command: list[str], with_ngram: str
) -> None:
    exp = recipe / "exp/dense"
    words = ["--stage", "10", "--compare_decoding", "true", "--ngram_num", "2", "--lm_config"]
    done = run(command, *words, str(recipe / "small.yaml"))
    assert done.returncode == 0, done.stderr
    names = ["greedy", "beam12", "beam12_penalty", "beam12_lm-small", "beam12_ngram2"]
    shown = [
        line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")
    ]
    assert shown == [
        "decoding",
        *(f"{name}/{dataset}" for dataset in ("dev", "test") for name in names),
    ]
    found = {
        (one["decoding"], one["dataset"]): one
        for one in json.loads((exp / "decodings.json").read_text())
    }
    assert len(found) == 10
    for name in names[2:]:
        tuned = json.loads((exp / f"decode_{name}/dev/weights.json").read_text())
        dev = found[f"decode_{name}", "dev"]
        assert dev["error_rate"] == pytest.approx(tuned["error_rate"])
        assert dev["penalty"] == tuned["penalty"]
        # Nothing is tuned on the test set, and both are decoded with what was found.
        assert found[f"decode_{name}", "test"]["penalty"] == tuned["penalty"]
        assert set(dev["against_greedy"]) >= {"difference", "difference_interval", "p"}
    assert {
        one["against_greedy"] for (name, _), one in found.items() if name == "decode_greedy"
    } == {None}
    report = (recipe / "exp/RESULTS.md").read_text()
    assert all(f"| {name}/{dataset} " in report for name in names for dataset in ("dev", "test"))
    # The experiment's own result is that of the other options.
    assert Result.read(exp / "result.json").decoding == "greedy"


def test_what_is_complete_is_skipped(command: list[str], with_ngram: str) -> None:
    again = run(command, "--use_ngram", "true", "--ngram_num", "2")
    assert again.returncode == 0
    assert "started" not in again.stderr
    assert "again, since" not in again.stderr


def test_greedy_again_is_not_decoded_again(
    recipe: Path, command: list[str], with_ngram: str
) -> None:
    done = run(command, "--stage", "12")
    assert done.returncode == 0, done.stderr
    assert "stage 12 (decode) decode: complete, skipped" in done.stderr
    assert Result.read(recipe / "exp/dense/result.json").decoding == "greedy"


def test_tuning_never_reads_the_test_set(
    recipe: Path, command: list[str], with_ngram: str, tmp_path: Path
) -> None:
    other = tmp_path / "recipe"
    shutil.copytree(recipe, other)
    # A copy of a recipe with its experiments is refused; one that was moved is none.
    for settings in other.glob("exp/*/experiment.json"):
        settings.write_text(settings.read_text().replace(str(recipe), str(other)))
    shutil.rmtree(other / "data/test")
    shutil.rmtree(other / "dump/raw/test")
    for folder in other.glob("exp/dense/decode_*"):
        shutil.rmtree(folder)
    words = ["--recipe", str(other), "--use_ngram", "true", "--ngram_num", "2", "--stage", "10"]
    done = run(command, *words, "--stop_stage", "11")
    assert done.returncode == 0, done.stderr
    assert (other / "exp/dense/decode_beam12_ngram2/dev/tune.tsv").read_bytes() == (
        recipe / "exp/dense/decode_beam12_ngram2/dev/tune.tsv"
    ).read_bytes()
    shown = run(command, *words, "--dry_run", "true").stdout.splitlines()
    tuning = [line for line in shown if line.startswith("stage 11 ")]
    assert len(tuning) == 2
    assert not any("test" in line.replace(str(other), "") for line in tuning)


def test_espnets_own_language_model_in_our_search_and_in_espnets(
    recipe: Path, command: list[str], with_ngram: str
) -> None:
    exp = recipe / "exp/dense"
    # ESPnet's beam cannot be wider than its token list, of which there are seven.
    words = [
        "--stage",
        "10",
        "--lm_config",
        str(recipe / "small.yaml"),
        "--use_lm",
        "true",
        "--beam_size",
        "5",
    ]
    words += ["--lm_weight", "0.3", "--penalty", "0.5", "--inference_nj", "2"]
    for search, name in (("prefix", "beam 5"), ("espnet", "ESPnet's beam 5")):
        done = run(command, *words, "--search", search)
        assert done.returncode == 0, done.stderr
        result = Result.read(exp / "result.json")
        assert (result.decoding, result.lm_weight, result.ngram_weight, result.penalty) == (
            name,
            0.3,
            None,
            0.5,
        )
        assert result.lm is not None
        assert result.lm.endswith("exp/lm_train-small/valid.loss.ave.pth")
    ours, theirs = (
        (exp / f"decode_{name}beam5_lm-small_lmw0.3_penalty0.5/test/text").read_text()
        for name in ("", "espnet_")
    )
    assert ours == theirs


def test_a_text_and_an_ngram_of_ones_own(
    recipe: Path, command: list[str], with_ngram: str, tmp_path: Path
) -> None:
    (tmp_path / "more.txt").write_text("x a e i o\ny o o\nz\n")
    weights = ["--stage", "10", "--ngram_weight", "0.2", "--penalty", "0"]
    done = run(
        command, *weights, "--use_ngram", "true", "--lm_train_text", str(tmp_path / "more.txt")
    )
    assert done.returncode == 0, done.stderr
    (arpa,) = recipe.glob("exp/ngram_train-*/3gram.arpa")
    assert "2 sentences, 6 tokens" in done.stdout + done.stderr
    done = run(command, *weights, "--ngram", str(arpa))
    assert done.returncode == 0, done.stderr
    result = Result.read(recipe / "exp/dense/result.json")
    assert (result.ngram_weight, result.penalty) == (0.2, 0.0)
    texts = [
        path.read_text()
        for path in recipe.glob("exp/dense/decode_beam12_ngram*_ngramw0.2_penalty0/test/text")
    ]
    assert len(texts) == 2
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "found no token"),
        (
            "one hello world\n",
            "2 of 2 words, such as hello world, are not among the recogniser's tokens",
        ),
    ],
)
def test_a_bad_text_is_one_line(
    command: list[str], with_ngram: str, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "bad.txt").write_text(content)
    done = run(
        command,
        "--stage",
        "10",
        "--use_ngram",
        "true",
        "--lm_train_text",
        str(tmp_path / "bad.txt"),
    )
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_ngram_of_other_words_is_one_line(
    command: list[str], with_ngram: str, tmp_path: Path
) -> None:
    arpa = tmp_path / "other.arpa"
    arpa.write_text(
        "\\data\\\nngram 1=3\n\n\\1-grams:\n-99 <s>\n-0.3 </s>\n-0.3 hello\n\n\\end\\\n"
    )
    done = run(command, "--stage", "10", "--ngram", str(arpa))
    assert done.returncode == 2
    assert "lacks 4 of the recogniser's 4 tokens, such as" in done.stderr.splitlines()[-1]
