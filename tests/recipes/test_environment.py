"""`local/environment.sh`: it reuses what is there, and says clearly when there is no Python."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(venv: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": "/usr/bin:/bin", "HOME": str(venv.parent)}
    return subprocess.run(
        [str(ROOT / "local/environment.sh")],
        env=base | {"PARP_VENV": str(venv)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def no_python(tmp_path: Path) -> str:
    """A path with the tools that the script needs and no Python on it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "cat", "dirname", "flock", "grep", "mkdir", "sha256sum"):
        (tools / name).symlink_to(
            next(path for path in (Path("/bin") / name, Path("/usr/bin") / name) if path.exists())
        )
    return str(tools)


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to(sys.executable)
    files = (ROOT / "requirements.lock", ROOT / "pyproject.toml")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    (venv / "requirements.sha256").write_text(f"{digest}  -\n")
    done = make(venv)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_whose_it_was_is_said(tmp_path: Path) -> None:
    """Two checkouts with one PARP_VENV, and different locks: each links it to itself."""
    venv = tmp_path / "venv"
    record = venv / "lib/python3.12/site-packages/parp_espnet-0.1.0.dist-info/direct_url.json"
    record.parent.mkdir(parents=True)
    (venv / "requirements.sha256").write_text("other  -\n")
    for other, url in (("/home/ana/my other", "/home/ana/my%20other"), ("/home/é", "/home/%C3%A9")):
        record.write_text(f'{{"dir_info": {{"editable": true}}, "url": "file://{url}"}}')
        first, last = make(venv, PYTHON="/nowhere/python").stderr.splitlines()
        assert first.startswith(f"environment: {venv} was that of {other}, whose requirements.lock")
        assert f"now it is that of {ROOT}" in first
        assert last.startswith("error: PYTHON=/nowhere/python")
    record.write_text(f'{{"dir_info": {{"editable": true}}, "url": "file://{ROOT}"}}')
    assert len(make(venv, PYTHON="/nowhere/python").stderr.splitlines()) == 1


def test_no_python_at_all(tmp_path: Path, no_python: str) -> None:
    done = make(tmp_path / "venv", PATH=no_python)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no Python 3.12 or 3.13")
    assert "PYTHON=/path/to/python3.12" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_a_python_that_will_not_do(tmp_path: Path, python: str) -> None:
    done = make(tmp_path / "venv", PYTHON=python)
    assert done.returncode == 2
    assert f"PYTHON={python}: expected a Python 3.12 or 3.13" in done.stderr


def test_the_lock_is_complete_and_of_no_machine() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert all("==" in pin for pin in pins)
    assert {pin.split("==")[0] for pin in pins} >= {
        "espnet",
        "espnet-s3prl",
        "torch",
        "transformers",
        "pytest",
    }
    assert not any("://" in line or str(Path.home()) in line for line in lines)
    assert os.access(ROOT / "local/environment.sh", os.X_OK)
