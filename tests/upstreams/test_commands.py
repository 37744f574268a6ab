"""The commands of this package as a user types them: wrong input is one line and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SSL = ROOT / "egs2" / "cldr" / "ssl1"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def assert_refused(done: subprocess.CompletedProcess[str], says: str) -> None:
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert says in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--stage", "9"], "--stage 9"),
        (["--stage", "3", "--stop-stage", "2"], "the first no later than the last"),
        (["--stage"], "stage: expected one argument"),
        (["--stage", "two"], "stage: expected a whole number, found 'two'"),
        (["--jobs", "0"], "--jobs 0: expected 1 or more"),
        (["--sparsity", "0.5"], "there is no option --sparsity"),
        (["multi"], "multi: expected options only"),
        (
            ["--config", "conf/none.yaml"],
            "there are conf/continue.yaml conf/mono.yaml conf/multi.yaml",
        ),
    ],
)
def test_wrong_options_of_the_pretraining_recipe(options: list[str], says: str) -> None:
    assert_refused(run(str(SSL / "run.sh"), *options), says)


def test_the_pretraining_recipe_dry_runs() -> None:
    done = run(str(SSL / "run.sh"), "--dry-run", "true", "--config", "conf/mono.yaml")
    assert done.returncode == 0, done.stderr
    stages = [line.split(": ")[0] for line in done.stdout.splitlines()]
    assert stages == ["stage 1 (speech)", "stage 2 (train)", "stage 3 (export)"]
    assert "--out upstreams/mono" in done.stdout


def test_training_before_there_is_speech(tmp_path: Path) -> None:
    module = [sys.executable, "-m", "parp_espnet.bin.pretrain"]
    done = run(*module, "train", str(SSL / "conf" / "multi.yaml"), "--exp", str(tmp_path))
    assert_refused(done, "no speech; run stage 1 first")


def test_exporting_before_there_is_a_model(tmp_path: Path) -> None:
    module = [sys.executable, "-m", "parp_espnet.bin.pretrain"]
    options = ["--exp", str(tmp_path), "--out", str(tmp_path / "out")]
    done = run(*module, "export", str(SSL / "conf" / "multi.yaml"), *options)
    assert_refused(done, "run stage 2 first")


def test_what_is_no_upstream(tmp_path: Path) -> None:
    options = ["--upstream", "egs2", "--out", str(tmp_path)]
    done = run(sys.executable, "-m", "parp_espnet.bin.preflight", *options)
    assert_refused(done, "expected a Hugging Face directory with config.json")
