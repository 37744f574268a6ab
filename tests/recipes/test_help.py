"""--help of the shell's commands: the text of `make help`, without Python, and nothing is made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = {
    "phn.sh": ["run_stages", "phn.sh", "--"],
    "glue.sh": ["run_stages", "glue.sh", "--"],
    "study": ["study", "plan"],
    "pretrain": ["pretrain", "plan"],
    "pretrain_xlnet": ["pretrain_xlnet"],
}
SCRIPTS = {
    "run.sh": "study",
    "egs2/TEMPLATE/phn1/phn.sh": "phn.sh",
    "egs2/TEMPLATE/glue1/glue.sh": "glue.sh",
    "egs2/cldr/es/run.sh": "phn.sh",
    "egs2/own/mine/run.sh": "phn.sh",
    "egs2/glue/cldr_kind/run.sh": "glue.sh",
    "egs2/cldr/ssl1/run.sh": "pretrain",
    "egs2/glue/xlnet1/run.sh": "pretrain_xlnet",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_texts_are_of_today(name: str) -> None:
    module, *words = WRITTEN[name]
    command = [sys.executable, "-m", f"parp_espnet.bin.{module}", *words, "--help"]
    shown = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "100"}
    )
    kept = (ROOT / f"local/help/{name}.txt").read_text()
    assert kept == shown.stdout, "make help"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the scripts are, in a place without an environment."""
    place = tmp_path_factory.mktemp("clone") / "parp"
    for script in SCRIPTS:
        (place / script).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / script, place / script)
    shutil.copytree(ROOT / "local", place / "local")
    for script in ("path.sh", "cmd.sh", "db.sh"):
        shutil.copy2(ROOT / script, place)
    return place


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--sparsity", "0.5", "--help"]])
@pytest.mark.parametrize("script", SCRIPTS)
def test_help_takes_no_python(script: str, words: list[str], clone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("bash", "env", "cat", "dirname"):
        (programs / program).symlink_to(shutil.which(program) or "")
    before = sorted(clone.rglob("*"))
    command = [str(clone / script), *words]
    variables = {"PATH": str(programs)}
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert (shown.returncode, shown.stderr) == (0, "")
    text, _, given = shown.stdout.partition("\ngiven here: ")
    assert text == (ROOT / f"local/help/{SCRIPTS[script]}.txt").read_text()
    assert ("--corpus cldr --lang es" in given) == (script == "egs2/cldr/es/run.sh")
    assert ("--sparsity 0.5" in given) == ("--sparsity" in words)
    assert "--seed" in shown.stdout or "--stop_stage N" in shown.stdout
    assert sorted(clone.rglob("*")) == before
