"""What a command says becomes a file, whole or not at all."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRITER = ROOT / "local/whole.sh"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file of before."""
    file = tmp_path / "help text.txt"
    file.write_text("as it was\n")
    return file


def write(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([WRITER, file, *words], capture_output=True, text=True, check=False)


def test_what_is_said_takes_the_place_of_the_file(kept: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert write(kept, "echo", "anew").returncode == 0
    assert kept.read_text() == "anew\n"
    assert kept.stat().st_mode & 0o777 == 0o666 & ~mask
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize(("word", "code"), [("echo half; exit 3", 3), ("true", 1)])
def test_a_command_that_fails_or_is_silent_leaves_it(kept: Path, word: str, code: int) -> None:
    assert write(kept, "bash", "-c", word).returncode == code
    assert kept.read_text() == "as it was\n"
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_it(kept: Path, number: int) -> None:
    command = ["bash", "-c", "echo half; echo begun >&2; exec sleep 60"]
    process = subprocess.Popen(
        [WRITER, kept, *command], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    # As a terminal does: the command is ended as well.
    os.killpg(process.pid, number)
    process.stderr.read()
    assert process.wait() != 0
    assert kept.read_text() == "as it was\n"
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_make_writes_nothing_in_place() -> None:
    recipes = re.findall(r"^\t.*", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipes
    assert [line for line in recipes if re.search(r"[^0-9&]>\s*[\w/$]", line)] == []
