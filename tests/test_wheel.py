"""What `pip install .` leaves: the commands work from any directory, and say what a
clone is for.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CALL = """
import importlib, sys
from importlib.metadata import distribution
(entry,) = [one for one in distribution("parp-espnet").entry_points if one.name == sys.argv[1]]
sys.argv = sys.argv[1:]
entry.load()()
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed from a wheel that was made of the files that git knows."""
    place = tmp_path_factory.mktemp("wheel")
    listed = [
        "git",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "parp_espnet",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    ]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        (place / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / "source" / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wheel = [
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(place),
        str(place / "source"),
    ]
    subprocess.run(wheel, capture_output=True, check=True)
    (made,) = place.glob("*.whl")
    into = [*pip, "install", "--no-deps", "--target", str(place / "installed"), str(made)]
    subprocess.run(into, capture_output=True, check=True)
    return place / "installed"


def call(installed: Path, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", CALL, *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment
    )


@pytest.mark.parametrize("command", ["parp-data", "parp-mask", "parp-recognize", "parp-study"])
def test_its_commands_explain_themselves(command: str, installed: Path, tmp_path: Path) -> None:
    shown = call(installed, tmp_path, command, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("usage: ")


def test_a_mask_is_made_where_no_clone_is(installed: Path, upstream: Path, tmp_path: Path) -> None:
    words = ["--upstream", str(upstream), "--sparsity", "0.5", "--out", "m.safetensors"]
    made = call(installed, tmp_path, "parp-mask", "from-upstream", *words)
    assert made.returncode == 0, made.stderr
    assert call(installed, tmp_path, "parp-mask", "info", "m.safetensors").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["parp-study", "plan", "--profile", "quick"],
        ["parp-mask", "pool", "multi"],
        ["parp-mask", "from-upstream", "--upstream", "mono", "--sparsity", "0.5", "--out", "m"],
    ],
)
def test_what_needs_a_clone_says_so(words: list[str], installed: Path, tmp_path: Path) -> None:
    done = call(installed, tmp_path, *words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "comes with a clone of the project" in line


@pytest.mark.parametrize(
    "name", ["py.typed", "phones/inventories/es.txt", "phones/inventories/es.tsv"]
)
def test_its_files_come_along(name: str, installed: Path) -> None:
    assert (installed / "parp_espnet" / name).is_file()
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))
