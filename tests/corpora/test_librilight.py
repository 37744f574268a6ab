from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import librilight
from parp_espnet.errors import UserError


def chapter(folder: Path, speaker: int, seconds: float, utterances: int = 2) -> None:
    own = folder / str(speaker) / "7"
    own.mkdir(parents=True)
    lines = []
    for number in range(utterances):
        name = f"{speaker}-7-{number:04}"
        soundfile.write(own / f"{name}.flac", np.tile([0.1, -0.1], round(8000 * seconds)), 16000)
        lines.append(f"{name} IT'S UTTERANCE {'ONE' if number else 'TWO'}\n")
    # Libri-light leaves the transcript of the whole chapter beside the recordings that it took from
    # it.
    (own / f"{speaker}-7.trans.txt").write_text("".join([*lines, f"{speaker}-7-0099 NOT HERE\n"]))


@pytest.fixture
def finetuning(tmp_path: Path) -> Path:
    root = tmp_path / "librispeech_finetuning"
    for fold in range(6):
        for place, kind in enumerate(("clean", "other")):
            chapter(root / "1h" / str(fold) / kind, 10 * fold + place, 150)
    return root


def test_six_folds_are_an_hour(finetuning: Path, tmp_path: Path) -> None:
    folds = [
        librilight.read(finetuning, tmp_path, "train", 10, fold).utterances for fold in range(6)
    ]
    assert {len(own) for own in folds} == {4}
    ids = {one.id for own in folds for one in own}
    assert len(ids) == 24
    for root in (finetuning, finetuning.parent):
        assert {one.id for one in librilight.read(root, tmp_path, "train", 60).utterances} == ids
    one = folds[0][0]
    assert (one.id, one.speaker, one.duration) == ("0-7-0000", "0", 150.0)
    assert "".join(one.phones) == "it's<space>utterance<space>two"


@pytest.mark.parametrize("name", librilight.SETS)
def test_sets_of_librispeech(tmp_path: Path, name: str) -> None:
    chapter(tmp_path / "LibriSpeech" / name.replace("_", "-"), 5, 2)
    assert len(librilight.read(tmp_path, tmp_path, name).utterances) == 2


def test_what_is_not_there(finetuning: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"--librilight .*: expected 9h/ in it, found 1h; unpack dl.fbaipublicfiles"
    ):
        librilight.read(finetuning, tmp_path, "train", 600)
    with pytest.raises(
        UserError,
        match=r"--librispeech .*: expected test-clean/ in it, found 1h; unpack openslr.org/12",
    ):
        librilight.read(finetuning, finetuning, "test_clean")
    with pytest.raises(UserError, match="--minutes 30: expected 10, 60 or 600"):
        librilight.read(finetuning, tmp_path, "train", 30)
    with pytest.raises(UserError, match="--fold 6: expected one of 0 to 5"):
        librilight.read(finetuning, tmp_path, "train", 10, 6)
    with pytest.raises(UserError, match="--set test: expected train or one of dev_clean"):
        librilight.read(finetuning, tmp_path, "test")
    (tmp_path / "dev-other").mkdir()
    with pytest.raises(UserError, match="dev-other: no recording in it"):
        librilight.read(finetuning, tmp_path, "dev_other")


def test_what_is_half_there(finetuning: Path, tmp_path: Path, no_ffmpeg: None) -> None:
    (finetuning / "1h/0/clean/0/7/0-7-0000.flac").unlink()
    with pytest.raises(
        UserError,
        match=r"expected about 10 minutes, found 7.5 in 3 recordings; it seems to be half",
    ):
        librilight.read(finetuning, tmp_path, "train", 10)
    (finetuning / "1h/1/clean/10/7/10-7.trans.txt").write_text("10-7-0000 ONE\n")
    with pytest.raises(
        UserError, match=r"10-7.trans.txt: expected a line 10-7-0001 and its words, found none"
    ):
        librilight.read(finetuning, tmp_path, "train", 10, 1)
    (finetuning / "1h/2/clean/20/7/20-7-0000.flac").write_bytes(b"nothing")
    with pytest.raises(
        UserError, match=r"20-7-0000.flac: expected what libsndfile decodes, found Format not rec"
    ):
        librilight.read(finetuning, tmp_path, "train", 10, 2)
