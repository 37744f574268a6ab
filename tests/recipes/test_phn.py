"""`phn.sh` for real: a tiny upstream learns a language of tones in seconds, on a path with a space
in it.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
UPDATES = 500
STAGES = (
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    12,
    13,
)  # 1 has nothing to do for a language of one's own, 6 only for OMP
INTERRUPTED = "interrupted: what was complete stays; the same command continues"
LINGER = """
import signal, sys

def look(event, arguments):
    if event == "open" and "parp_espnet.bin.report" in sys.orig_argv:
        signal.pause()

sys.addaudithook(look)
"""
"""A run that is to be interrupted reads this first. Its last command waits until it is ended:
Ctrl-C finds the run, however long it takes to come.
"""


@pytest.fixture(scope="module")
def recipe(tone_recipe: Path, make_training: Callable[..., Path]) -> Path:
    """The tones' recipe with its training."""
    make_training(tone_recipe)
    return tone_recipe


@pytest.fixture(scope="module")
def command(recipe: Path, upstream: Path) -> list[str]:
    """What runs the PARP experiment."""
    return [
        str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"),
        *("--recipe", str(recipe), "--lang", "xx", "--upstream", str(upstream)),
        *(
            "--train_config",
            str(recipe / "tiny.yaml"),
            "--updates",
            str(UPDATES),
            "--sparsity",
            "0.3",
        ),
        *("--skip_check", "true"),  # its sets are one and the same
    ]


def run(command: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *more], capture_output=True, text=True, check=False, env=environment
    )


def experiment(recipe: Path, method: str) -> Path:
    (found,) = recipe.glob(f"exp/phn_{method}_*")
    return found


def interrupt(command: list[str], line: str, watch: Path) -> tuple[int, list[str]]:
    """Press Ctrl-C when the command has printed `line`; return its exit code and its last words."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(watch)}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=environment,
    )
    assert process.stdout is not None
    for shown in process.stdout:
        if line in shown:
            os.killpg(process.pid, signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=1200)
    return process.returncode, rest.splitlines()


def test_ctrl_c_in_every_stage_and_the_same_command_continues(
    recipe: Path, command: list[str], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LINGER)
    for stage in STAGES:
        code, said = interrupt(command, f"stage {stage} (", tmp_path)
        assert code == 130, (stage, said)
        assert said.count(INTERRUPTED) == 1, (stage, said)
        assert not any("Traceback" in line for line in said), (stage, said)
    done = run(command)
    assert done.returncode == 0, done.stderr
    result = Result.read(experiment(recipe, "parp") / "result.json")
    assert result.error_rate < 0.25
    assert result.sparsity_measured == pytest.approx(0.3, abs=1e-4)
    assert result.reference_length == 31


def test_a_complete_experiment_is_skipped_and_says_so(command: list[str]) -> None:
    done = run(command)
    assert done.returncode == 0
    assert done.stderr.count("complete, skipped") == 13
    assert "started" not in done.stderr
    assert done.stdout.startswith("PER ")


def test_what_an_experiment_leaves(recipe: Path) -> None:
    exp = experiment(recipe, "parp")
    for name in (
        "config.yaml",
        "mask.safetensors",
        "pruning.jsonl",
        "progress.json",
        "result.json",
        "utterances.tsv",
        "log/train.log",
    ):
        assert (exp / name).exists(), name
    score = exp / "decode_greedy/test/score"
    assert len((score / "ref.trn").read_text().splitlines()) == 8
    assert len((score / "hyp.trn").read_text().splitlines()) == 8
    assert "|decode_greedy/test|8|31|" in (recipe / "exp/RESULTS.md").read_text()
    assert (exp / "log/train.log").read_text().splitlines()[-1].startswith("# Ended (code 0)")


def test_an_uninterrupted_run_has_the_same_bits(recipe: Path, command: list[str]) -> None:
    done = run(command, "--expdir", "again")
    assert done.returncode == 0, done.stderr
    one = experiment(recipe, "parp")
    other = recipe / "again" / one.name
    for name in ("valid.cer_ctc.ave.pth", "decode_greedy/test/text"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    first, second = (Result.read(exp / "result.json") for exp in (one, other))
    # What the clock and a commit in between change.
    free = {"train_seconds": None, "decode_seconds": None, "git": None}
    assert replace(first, **free) == replace(second, **free)


@pytest.mark.thorough
def test_stock_beam_search_in_two_jobs(recipe: Path, command: list[str]) -> None:
    done = run(
        command, "--stage", "12", "--beam_size", "2", "--search", "espnet", "--inference_nj", "2"
    )
    assert done.returncode == 0, done.stderr
    result = Result.read(experiment(recipe, "parp") / "result.json")
    assert result.error_rate < 0.25
    assert result.decode_seconds is None


def test_omp_runs_its_dense_experiment(recipe: Path, command: list[str]) -> None:
    done = run(command, "--method", "omp", "--updates", "20")
    assert done.returncode == 0, done.stderr
    result = Result.read(experiment(recipe, "omp") / "result.json")
    assert result.finetuning_runs == 2
    assert result.iou_initial_final == 1.0
    # Whose the masks are, and every option that differs from its default.
    made = {
        "method": "omp",
        "language": "xx",
        "seed": 0,
        "upstream": result.upstream,
        "ranking": "magnitude",
    }
    for name, source in (("finetuned_mask", "finetuned"), ("mask", "trained")):
        told = Mask.load(experiment(recipe, "omp") / f"{name}.safetensors").made.as_dict()
        assert {key: told[key] for key in ("source", *made)} == {"source": source, **made}
    assert result.mask_origin is not None
    assert result.mask_origin["source"] == "finetuned"
    assert result.options is not None
    assert (result.options["lang"], result.options["train_config.optim_conf.lr"]) == ("xx", 0.005)
    assert (experiment(recipe, "dense") / "training.json").exists()
    assert not (experiment(recipe, "dense") / "result.json").exists()


def test_an_experiment_goes_on_without_updates_and_with_a_mask_of_its_own(
    recipe: Path, command: list[str]
) -> None:
    """The trained model is the upstream: the same transcripts, and its mask by one word."""
    before = experiment(recipe, "parp")
    words = ["--upstream", f"exp/{before.name}", "--method", "transfer", "--sparsity", "0.3"]
    words += ["--initial_mask", "upstream", "--updates", "0", "--phn_tag", "warm"]
    done = run(command, *words)
    assert done.returncode == 0, done.stderr
    assert "7 of 7 rows are of equal labels" in done.stdout + done.stderr
    assert "transfer, zero-shot, " in done.stdout
    old, new = (Result.read(exp / "result.json") for exp in (before, recipe / "exp/warm"))
    assert new.head is not None
    assert set(new.head.values()) == set(new.head)
    assert (new.updates, new.finetuning_runs, new.is_zero_shot) == (0, 0, True)
    assert new.mask_sha256 == old.mask_sha256
    # The result that is left there is of another search, by the test before.
    said = [exp / "decode_greedy/test/text" for exp in (before, recipe / "exp/warm")]
    assert said[0].read_bytes() == said[1].read_bytes()
    again = run(command, *words)
    assert again.returncode == 0, again.stderr
    assert "started" not in again.stderr


def test_imp_rewinds_and_prunes_in_rounds(recipe: Path, command: list[str]) -> None:
    done = run(
        command, "--method", "imp", "--sparsity", "0.2", "--updates", "20", "--round_updates", "10"
    )
    assert done.returncode == 0, done.stderr
    exp = experiment(recipe, "imp")
    result = Result.read(exp / "result.json")
    assert (result.finetuning_runs, result.iou_initial_final) == (3, 1.0)
    (first,) = recipe.glob("exp/*_rounds10_to0.1/pruned.safetensors")
    (second,) = recipe.glob("exp/*_rounds10_to0.2/pruned.safetensors")
    one, other = Mask.load(first), Mask.load(second)
    assert (round(one.sparsity, 3), round(other.sparsity, 3)) == (0.1, 0.2)
    assert Mask.load(exp / "iterated_mask.safetensors").made.source == "iterated"
    assert all(not (other.kept[name] & ~kept).any() for name, kept in one.kept.items()), (
        "what is pruned stays so"
    )
    assert Mask.load(exp / "iterated_mask.safetensors").sha256 == other.sha256 == result.mask_sha256
    again = run(
        command, "--method", "imp", "--sparsity", "0.2", "--updates", "20", "--round_updates", "10"
    )
    assert again.returncode == 0
    assert "started" not in again.stderr


@pytest.mark.parametrize(
    ("options", "source"),
    [
        pytest.param(["rp"], "random", marks=pytest.mark.thorough),
        (["rp", "--first_mask", "uniform"], "uniform"),
    ],
)
def test_random_pruning(recipe: Path, command: list[str], options: list[str], source: str) -> None:
    done = run(command, "--updates", "20", "--phn_tag", source, "--method", *options)
    assert done.returncode == 0, done.stderr
    mask = Mask.load(recipe / "exp" / source / f"{source}_mask.safetensors")
    assert mask.sparsity == pytest.approx(0.3, abs=1e-3)
    assert (mask.made.source, mask.made.method, mask.made.language) == (source, "rp", "xx")
    assert Result.read(recipe / "exp" / source / "result.json").mask_sha256 == mask.sha256
    if source == "uniform":
        assert all(
            (~kept).float().mean() == pytest.approx(0.3, abs=0.02) for kept in mask.kept.values()
        )


def test_speeds_are_heard_and_the_speech_that_there_was_is_counted(
    recipe: Path, command: list[str]
) -> None:
    fast = run(
        command, "--method", "mpi", "--updates", "8", "--speed_perturb_factors", "0.9 1.0 1.1"
    )
    assert fast.returncode == 0, fast.stderr
    three = Result.read(next(recipe.glob("exp/phn_mpi_*_train_sp_u8_seed0/result.json")))
    one = Result.read(experiment(recipe, "parp") / "result.json")
    assert three.train_minutes == pytest.approx(one.train_minutes, rel=0.02)
    assert len((recipe / "dump/raw/train_sp/text").read_text().splitlines()) == 3 * len(
        (recipe / "dump/raw/train/text").read_text().splitlines()
    )


def test_a_second_run_in_the_same_directory_is_refused(recipe: Path, command: list[str]) -> None:
    lock = experiment(recipe, "parp") / ".phn.lock"
    lock.write_text("process 1234 on somewhere\n")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run(command)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "is in use by process 1234 on somewhere" in line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("empty text", "text: the file is empty"),
        ("no data", "data/dev/wav.scp (No such file or directory)"),
    ],
)
def test_bad_data_is_one_line(
    recipe: Path, command: list[str], tmp_path: Path, change: str, message: str
) -> None:
    other = tmp_path / "recipe"
    shutil.copytree(recipe / "data", other / "data")
    if change == "empty text":
        (other / "data/train/text").write_text("")
    else:
        shutil.rmtree(other / "data/dev")
    done = run(command, "--recipe", str(other))
    assert done.returncode != 0
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_directory_that_is_no_upstream(command: list[str], tmp_path: Path) -> None:
    done = run(command, "--upstream", str(tmp_path), "--expdir", "elsewhere")
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert str(tmp_path) in done.stderr.splitlines()[-1]


def test_other_settings_under_the_same_tag_are_refused(recipe: Path, command: list[str]) -> None:
    tag = experiment(recipe, "parp").name
    before = json.loads((recipe / "exp" / tag / "training.json").read_text())
    done = run(command, "--phn_tag", tag, "--sparsity", "0.4")
    assert done.returncode == 2
    assert "prune_conf.sparsity 0.3, now 0.4" in done.stderr.splitlines()[-1]
    assert json.loads((recipe / "exp" / tag / "training.json").read_text()) == before
