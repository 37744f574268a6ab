"""A disk that is full or may not be written, and files that are deleted: one line, and the same
command completes.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parp_espnet.bin.train import main
from parp_espnet.errors import UserError


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A function that gives a disk of one's own the options of `mount`, such as `size=1m`; it
    returns where it is.
    """
    path = tmp_path / "disk"
    path.mkdir()

    def mount(options: str) -> Path:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"{'remount,' if path.is_mount() else ''}{options}",
            "tmpfs", str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"a small disk cannot be made here: {done.stderr.strip()}")
        return path

    if os.geteuid() != 0:
        pytest.skip("only root makes a small disk")
    yield mount
    if path.is_mount():
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@contextlib.contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """A mount over a directory, by which nothing can be written there. The kernel does not make a
    mount read-only whose files somebody has open, as a training has its log.
    """
    subprocess.run(["mount", "--bind", str(directory), str(directory)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(directory)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys) -> Callable[[Path], str]:
    """Run the training command with a configuration; return the one line by which it fails."""

    def run(config: Path) -> str:
        monkeypatch.setattr(sys, "argv", ["train", "--config", str(config)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        return said.splitlines()[-1]

    return run


@pytest.mark.parametrize("kilobytes", [4, 700, pytest.param(1300, marks=pytest.mark.thorough)])
def test_a_full_disk(
    whole: Path, recipe, length, disk, refused, assert_same, kilobytes: int
) -> None:
    directory = disk("size=64k")
    config = recipe.config(directory, **length)
    disk(f"size={60 + kilobytes}k")
    said = refused(config)
    assert said.startswith(f"error: {directory}/")
    full = (
        "cannot be written (No space left on device); make room there and give the same "
        "command: what was "
    )
    assert said.endswith(full + "complete stays")
    disk("size=100m")
    recipe.train(directory, **length)
    assert_same(whole, directory)


def test_a_directory_that_cannot_be_written(
    whole: Path, recipe, length, disk, refused, after, assert_same
) -> None:
    directory = disk("size=100m")
    config = recipe.config(directory, **length)
    refusal = (
        "cannot be written (Read-only file system); give access to it and give the same "
        "command: what was "
    )
    with contextlib.ExitStack() as sealed:
        with after(20, lambda: sealed.enter_context(read_only(directory))):
            said = refused(config)
        assert said.startswith(f"error: {directory}/")
        assert said.endswith(refusal + "complete stays")
        assert refused(config).startswith(f"error: {directory}/config.yaml: {refusal}")
    recipe.train(directory, **length)
    assert_same(whole, directory)


def test_a_model_that_a_checkpoint_has_is_deleted(
    whole: Path, recipe, length, after, tmp_path: Path, assert_same
) -> None:
    path = tmp_path / "11epoch.pth"
    with after(70, path.unlink), pytest.raises(UserError) as failed:
        recipe.train(tmp_path, **length)
    again = "it was written again from a checkpoint: the same command completes the training"
    assert str(failed.value) == f"{path}: gone or damaged, and the final model needs it; {again}"
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


def test_a_model_that_no_checkpoint_has_is_deleted(
    whole: Path, recipe, length, after, tmp_path: Path, assert_same
) -> None:
    epoch = min(int(path.name.removesuffix("epoch.pth")) for path in whole.glob("*epoch.pth"))
    assert epoch < 11, "the last two are in checkpoints"
    with (
        after(6 * epoch + 3, (tmp_path / f"{epoch}epoch.pth").unlink),
        pytest.raises(UserError) as failed,
    ):
        recipe.train(tmp_path, **length)
    assert str(failed.value).endswith(
        f"no checkpoint has epoch {epoch}: the same command trains again from the start"
    )
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


def test_a_model_that_is_damaged(
    whole: Path, recipe, length, after, tmp_path: Path, assert_same
) -> None:
    def damage() -> None:
        content = bytearray((tmp_path / "11epoch.pth").read_bytes())
        content[len(content) // 2] ^= 1
        (tmp_path / "11epoch.pth").write_bytes(content)

    with (
        after(70, damage),
        pytest.raises(UserError, match=r"11epoch\.pth: gone or damaged, and the final model needs"),
    ):
        recipe.train(tmp_path, **length)
    recipe.train(tmp_path, **length)
    assert_same(whole, tmp_path)


def test_other_files_are_deleted_and_made_again(
    whole: Path, recipe, length, after, tmp_path: Path, assert_same
) -> None:
    names = ("initial_mask.safetensors", "latest.pth", "valid.loss.best.pth", "progress.json")

    def delete() -> None:
        for name in names:
            (tmp_path / name).unlink()

    # In the last epoch, so that the links are not made again by themselves.
    with after(70, delete):
        recipe.train(tmp_path, **length)
    recipe.train(tmp_path, **length)
    assert all((tmp_path / name).exists() for name in names)
    assert_same(whole, tmp_path)
