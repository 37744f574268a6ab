"""A file that cannot be written is named, whoever writes it, and what was there stays."""

import errno
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from parp_espnet.errors import UserError, command
from parp_espnet.files import atomic_write, write_text

LARGE = torch.zeros(100_000)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may have more than 64 KB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(LARGE.numpy().tobytes()),
        lambda path: torch.save(LARGE, path),
        lambda path: save_file({"x": LARGE}, path),
    ],
    ids=["python", "torch", "safetensors"],
)
def test_a_file_that_is_too_large(tmp_path: Path, small_files: None, write) -> None:
    path = tmp_path / "x"
    write_text(path, "before")
    refused = rf"^{re.escape(str(path))}: cannot be written \(File too large\); raise the limit of a file's size"
    with pytest.raises(UserError, match=refused), atomic_write(path) as temporary:
        write(temporary)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ours"), atomic_write(tmp_path / "x"):
        raise RuntimeError("ours")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "No space left on device); make room there"),
        (errno.EROFS, "Read-only file system); give access to it"),
    ],
)
def test_a_command_says_one_line(capsys: pytest.CaptureFixture[str], number: int, said: str) -> None:
    @command
    def main() -> None:
        raise OSError(number, os.strerror(number), "x")

    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    line = f"error: x: cannot be written ({said} and give the same command: what was complete stays\n"
    assert capsys.readouterr().err == line


def test_other_os_errors_are_defects() -> None:
    @command
    def main() -> None:
        raise FileNotFoundError(errno.ENOENT, "gone", "x")

    with pytest.raises(FileNotFoundError):
        main()
