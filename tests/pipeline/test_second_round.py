import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

type Read = Callable[..., Settings]


@pytest.fixture
def tapes(tmp_path: Path, tones: Path) -> Path:
    folder = tmp_path / "field tapes"
    folder.mkdir()
    shutil.copy(tones / "tone-0.wav", folder)
    return folder


@pytest.fixture
def options(tmp_path: Path) -> Read:
    """Read the options of an experiment in a recipe of its own."""
    (tmp_path / "recipe/data").mkdir(parents=True)
    return lambda *words: read(["--recipe", str(tmp_path / "recipe"), *words])


def test_nothing_is_mixed_with_what_is_transcribed_alone(options: Read, tapes: Path) -> None:
    plain = options("--method", "dense")
    both = options("--method", "dense", "--unlabelled", str(tapes))
    assert both.first_round.tag == plain.tag
    assert both.tag != plain.tag
    assert (both.labelled_dump, plain.train_dump) == ("train", "train")
    assert re.fullmatch(r"train_unlabelled_\w{8}", both.train_dump)
    assert (both.finetuning_runs, plain.finetuning_runs) == (2, 1)
    other = options("--method", "dense", "--unlabelled", str(tapes), "--label_errors", "1")
    assert other.train_dump != both.train_dump
    assert other.transcript_set == both.transcript_set


def test_all_methods_share_the_labels_of_the_dense_model(options: Read, tapes: Path) -> None:
    dense = options("--method", "dense", "--unlabelled", str(tapes))
    pruned = options("--method", "omp", "--sparsity", "0.5", "--unlabelled", str(tapes))
    assert pruned.train_dump == dense.train_dump
    assert pruned.dense.tag == dense.tag
    assert pruned.finetuning_runs == 3
    named = options("--method", "dense", "--unlabelled", str(tapes), "--phn_tag", "mine")
    assert named.train_dump == dense.train_dump


def test_another_seed_has_labels_of_its_own(options: Read, tapes: Path) -> None:
    words = ("--method", "dense", "--unlabelled", str(tapes))
    assert options(*words).train_dump != options(*words, "--seed", "1").train_dump


def test_a_result_has_the_name_of_the_folder_alone(options: Read, tapes: Path) -> None:
    said = options_of(options("--method", "dense", "--unlabelled", str(tapes)))
    assert said["unlabelled"] == "field tapes"
    assert "label_errors" not in said


def test_rounds_are_trained_on_the_labels_of_the_whole(options: Read, tapes: Path) -> None:
    pruned = options("--method", "imp", "--sparsity", "0.5", "--unlabelled", str(tapes))
    settled = pruned.settled()
    assert settled.labels_of == f"exp/{pruned.first_round.tag}"
    assert settled.train_dump == pruned.train_dump
    assert not settled.needs_first_round
    plain = options("--method", "imp", "--sparsity", "0.5")
    assert plain.settled() is plain


def test_a_dry_run_shows_both_rounds(options: Read, tapes: Path, tmp_path: Path) -> None:
    options("--method", "dense")
    script = ROOT / "egs2/TEMPLATE/phn1/phn.sh"
    words = ["--recipe", tmp_path / "recipe", "--method", "imp", "--sparsity", "0.5"]
    done = subprocess.run(
        [script, *words, "--unlabelled", tapes, "--dry_run", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    trained = re.findall(r"stage 8 \(train\): .*?bin\.train .*? --output_dir (\S+)", shown)
    assert len(dict.fromkeys(trained)) == 1 + len(read_rounds(options, tapes)) + 1
    sets = re.findall(r"dump/raw/(train_unlabelled_\w+)/wav\.scp,speech,sound", shown)
    assert len(set(sets)) == 1
    models = re.findall(r"pseudo_labels recognise --model (\S+)", shown)
    assert set(models) == {trained[0]}


def read_rounds(options: Read, tapes: Path) -> list[str]:
    words = ("--method", "imp", "--sparsity", "0.5", "--unlabelled", str(tapes))
    return options(*words).round_tags
