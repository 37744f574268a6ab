"""What a command says of an error of the system."""

import errno
import os
from pathlib import Path

import pytest

from parp_espnet.errors import command


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


@pytest.mark.usefixtures("small_files")
def test_a_file_without_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def main() -> None:
        (tmp_path / "log").write_bytes(bytes(1 << 17))

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: a file in ")
    assert "cannot be written (File too large); raise the limit" in line


def test_other_errors_of_the_system_are_defects() -> None:
    @command
    def main() -> None:
        raise FileNotFoundError(errno.ENOENT, "gone", "x")

    with pytest.raises(FileNotFoundError):
        main()
