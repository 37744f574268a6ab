"""The benchmark of two checkouts runs what git has of each, and installs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from parp_espnet.bench import parts
from parp_espnet.bench.checkouts import RUN, SIZES, Checkout, link_environment, measure
from parp_espnet.bin import bench
from parp_espnet.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A checkout whose recipe says whether what git does not know lies beside it."""
    place = tmp_path / "other"
    recipe = place / RUN
    recipe.parent.mkdir(parents=True)
    recipe.write_text("#!/bin/bash\n[ ! -e unknown ] && [ -x $PARP_VENV/bin/python ]\n")
    recipe.chmod(0o755)
    for name in ("requirements.lock", "pyproject.toml"):
        (place / name).write_text("x\n")
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", "-C", str(place), *words], check=True)
    (place / "unknown").touch()
    return place


def test_the_table_of_parts_has_its_sizes() -> None:
    named = [size for part in parts.PARTS.values() if part.of_checkouts for size in part.sizes]
    assert named == list(SIZES)


@pytest.mark.parametrize("way", ["ours", "theirs"])
@pytest.mark.parametrize("size", ["help", "dry_run"])
def test_a_measurement(way: str, size: str, other: Path) -> None:
    found = measure(way, size, 1, str(other))
    assert found["seconds"] > 0
    assert found["cpu_seconds"] > 0
    assert found["wall_seconds"] > 0


def test_a_command_that_fails_and_what_is_no_checkout(
    other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Temporary files may be in some repository themselves.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (other / RUN).write_text("#!/bin/bash\necho 'error: so' >&2\nexit 3\n")
    with pytest.raises(UserError, match=r"run\.sh --help ended with code 3: error: so"):
        measure("theirs", "help", 1, str(other))
    with pytest.raises(UserError, match="expected a checkout of git"):
        Checkout(tmp_path, tmp_path / "copy", 1)


def test_a_checkout_takes_the_environment_for_its_own(tmp_path: Path) -> None:
    linked = link_environment(tmp_path / "venv", ROOT)
    before = sorted(path.name for path in linked.iterdir())
    done = subprocess.run(
        [str(ROOT / "local/environment.sh")],
        env={"PATH": "/usr/bin:/bin", "PARP_VENV": str(linked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in linked.iterdir()) == before
    prefix = "import sys; print(sys.prefix)"
    shown = subprocess.run(
        [str(linked / "bin/python"), "-c", prefix], capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{linked}\n"


def test_two_checkouts_need_the_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "checkouts"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "error: --only checkouts: expected --checkout DIR" in capsys.readouterr().err
