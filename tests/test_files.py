"""A file that cannot be written is named, whoever writes it, and what was there stays."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from parp_espnet.data.lines import read_table
from parp_espnet.data.segments import CHANNELS, read_channels
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write, bytes_of, need_file, text_of, write_text
from parp_espnet.recognition.inventory import read_inventory
from parp_espnet.scoring.merge import read_merges
from parp_espnet.sound.wav import write_wav

LARGE = torch.zeros(100_000)


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(LARGE.numpy().tobytes()),
        lambda path: torch.save(LARGE, path),
        lambda path: save_file({"x": LARGE}, path),
    ],
    ids=["python", "torch", "safetensors"],
)
def test_a_file_that_is_too_large(tmp_path: Path, write) -> None:
    path = tmp_path / "x"
    write_text(path, "before")
    refused = (
        rf"^{re.escape(str(path))}: cannot be written \(File too large\); raise the limit "
        rf"of a file's size"
    )
    with pytest.raises(UserError, match=refused), atomic_write(path) as temporary:
        write(temporary)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_text(path, "large" * (1 << 16)),
        lambda path: write_wav(path, np.zeros(1 << 16, np.int16), 16000),
    ],
    ids=["text", "wav"],
)
def test_what_writes_by_it(tmp_path: Path, write) -> None:
    with pytest.raises(UserError, match=r"/x: cannot be written \(File too large\)"):
        write(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_a_full_disk(small_disk: Path) -> None:
    with pytest.raises(UserError, match=r"/mask: cannot be written \(No space left on device\)"):  # noqa: SIM117
        with atomic_write(small_disk / "mask") as temporary:
            save_file({"x": torch.zeros(1 << 20)}, temporary)
    assert not list(small_disk.iterdir())


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"File name too long\); give shorter names, such as utterances' ids, and"
    ):
        write_text(tmp_path / ("x" * 300), "text")


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ours"), atomic_write(tmp_path / "x"):
        raise RuntimeError("ours")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("read", [need_file, bytes_of, text_of])
def test_what_is_no_file_of_text_is_refused(tmp_path: Path, read) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to_fifo").symlink_to("fifo")
    said = {
        tmp_path: "expected a file, found a directory",
        tmp_path / "fifo": r"expected a file, found a pipe \(FIFO\)",
        tmp_path / "to_fifo": r"expected a file, found a pipe \(FIFO\)",
        Path("/dev/zero"): "expected a file, found a device",
        tmp_path / "gone": "no such file; make it",
        tmp_path / "fifo" / "below": "no such file; make it",
        tmp_path / "loop": r"cannot be read \(Too many levels of symbolic links\)",
        tmp_path / ("x" * 300): r"cannot be read \(File name too long\)",
        tmp_path / "null\0": "cannot be read",
    }
    for path, expected in said.items():
        with pytest.raises(UserError, match=f"^{re.escape(str(path))}: {expected}"):
            read(path, "no such file; make it")


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_merges, "a b\nc d\n", {"a": "b", "c": "d"}),
        (read_merges, "# remark\na b\n", {"a": "b"}),
        (lambda path: read_inventory(str(path)), "a\nb\n", ("a", "b")),
        (lambda path: read_channels(path.parent), "r1 f A\nr2 f B\n", {"r1": 0, "r2": 1}),
        (read_table, "u1 a b\nu2 c\n", {"u1": "a b", "u2": "c"}),
    ],
)
def test_a_byte_order_mark_is_no_part_of_what_is_read(
    tmp_path: Path, read, text: str, expected: object
) -> None:
    path = tmp_path / CHANNELS
    for mark in ("", "\ufeff"):
        path.write_text(mark + text, encoding="utf-8")
        assert read(path) == expected


def test_a_text(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes("a ɔ̃\r\nb\n".encode())
    assert text_of(tmp_path / "text") == "a ɔ̃\nb\n"
    # As editors of Windows write it; only the first is a mark.
    (tmp_path / "text").write_text("\ufeffa\n\ufeffb\n", encoding="utf-8")
    assert text_of(tmp_path / "text") == "a\n\ufeffb\n"
    (tmp_path / "text").write_bytes(b"\xff")
    assert bytes_of(tmp_path / "text") == b"\xff"
    with pytest.raises(UserError, match="text: expected UTF-8"):
        text_of(tmp_path / "text")
