from pathlib import Path

import pytest

from parp_espnet.pipeline.record import Record
from parp_espnet.pipeline.tidy import RECORD, remove_checkpoints


@pytest.fixture
def exp(tmp_path: Path) -> Path:
    """An experiment of three epochs, of which the second is the result."""
    for name in (
        "checkpoint.pth",
        "checkpoint.prev.pth",
        "checkpoint.within.pth",
        "1epoch.pth",
        "3epoch.pth",
    ):
        (tmp_path / name).write_bytes(b"12345")
    for name in (
        "2epoch.pth",
        "valid.loss.ave_2best.pth",
        "of the user.pth",
        "2epoch.pth.txt",
        "mask.safetensors",
    ):
        (tmp_path / name).write_bytes(b"1")
    links = {
        "latest": "3epoch",
        "valid.cer_ctc.best": "2epoch",
        "valid.cer_ctc.ave": "valid.cer_ctc.ave_1best",
    }
    links |= {
        "valid.cer_ctc.ave_1best": "2epoch",
        "valid.loss.ave": "valid.loss.ave_2best",
        "valid.loss.best": "1epoch",
    }
    for link, target in links.items():
        (tmp_path / f"{link}.pth").symlink_to(f"{target}.pth")
    Record(["train"], {}, complete=True).write(tmp_path / RECORD)
    return tmp_path


def test_what_only_continues_a_training_goes(exp: Path) -> None:
    assert remove_checkpoints(exp) == 25
    assert sorted(path.name for path in exp.iterdir() if not path.name.startswith(".")) == [
        "2epoch.pth",
        "2epoch.pth.txt",
        "mask.safetensors",
        "of the user.pth",
        "valid.cer_ctc.ave.pth",
        "valid.cer_ctc.ave_1best.pth",
        "valid.cer_ctc.best.pth",
        "valid.loss.ave.pth",
        "valid.loss.ave_2best.pth",
    ]
    assert (exp / "valid.cer_ctc.ave.pth").read_bytes() == b"1"
    assert remove_checkpoints(exp) == 0


@pytest.mark.parametrize("record", ["none", "incomplete", "damaged"])
def test_nothing_goes_of_a_training_that_is_not_complete(record: str, exp: Path) -> None:
    (exp / RECORD).unlink()
    if record == "incomplete":
        Record(["train"], {}).write(exp / RECORD)
    if record == "damaged":
        (exp / RECORD).write_text("{")
    before = sorted(exp.iterdir())
    assert remove_checkpoints(exp) == 0
    assert sorted(exp.iterdir()) == before
