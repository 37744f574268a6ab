"""What a command says when the disk is full."""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from parp_espnet.corpora.wav import write_wav
from parp_espnet.errors import UserError, command
from parp_espnet.files import atomic_write, write_text

LIMIT = 1 << 16


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may be larger than `LIMIT`: a write ends as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_what_does_not_fit_is_one_line_and_leaves_what_was_there(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "small")
    with pytest.raises(
        UserError, match=r"/text: cannot be written \(File too large\); raise the limit of a file\'s size"
    ):
        write_text(tmp_path / "text", "large" * LIMIT)
    with pytest.raises(UserError, match=r"/a\.wav: cannot be written"):
        write_wav(tmp_path / "a.wav", np.zeros(LIMIT, np.int16), 16000)
    assert [path.name for path in tmp_path.iterdir()] == ["text"]
    assert (tmp_path / "text").read_text() == "small"


def test_libraries_that_write_by_themselves(small_disk: Path) -> None:
    with pytest.raises(UserError, match=r"/mask: cannot be written \(No space left on device\)"):  # noqa: SIM117
        with atomic_write(small_disk / "mask") as temporary:
            save_file({"x": torch.zeros(1 << 20)}, temporary)
    assert list(small_disk.iterdir()) == []


@pytest.mark.usefixtures("small_files")
def test_a_command_that_writes_elsewhere_has_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def main() -> None:
        (tmp_path / "log").write_bytes(bytes(2 * LIMIT))

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: a file in ")
    assert "cannot be written (File too large); raise the limit" in line


def test_another_error_of_the_system_is_a_defect() -> None:
    @command
    def main() -> None:
        open(sys.executable + "/x")  # noqa: SIM115, PTH123

    with pytest.raises(NotADirectoryError):
        main()
