"""The tarball's layout, with the real utterances that ESPnet's wheel has."""

import tarfile
from pathlib import Path

import pytest
import soundfile

from parp_espnet.corpora import an4, mini_an4
from parp_espnet.errors import UserError
from parp_espnet.phones.ipa import load_inventory


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    with tarfile.open(mini_an4._archive()) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "downloads" / "an4"


def test_the_wheels_utterances_in_the_tarballs_layout(corpus: Path, tmp_path: Path) -> None:
    made = {split: an4.read(corpus, split, tmp_path / "wav") for split in an4.SPLITS}
    assert all(not own.rejected for own in made.values())
    assert sum(len(own.utterances) for own in made.values()) == 7
    assert len(made["test"].utterances) == 2
    speakers = {split: {one.speaker for one in own.utterances} for split, own in made.items()}
    assert not speakers["train"] & speakers["dev"]
    small = {
        one.id: one for split in an4.SPLITS for one in mini_an4.read(split, tmp_path / "small")
    }
    for own in made.values():
        for one in own.utterances:
            assert set(one.phones) <= set(load_inventory("en"))
            assert (one.phones, one.duration) == (small[one.id].phones, small[one.id].duration)


@pytest.mark.parametrize("order", ["LITTLE", "BIG"])
def test_raw_recordings_in_either_order_of_bytes(corpus: Path, tmp_path: Path, order: str) -> None:
    heard = {}
    for sphere in (corpus / "wav").rglob("*.sph"):
        samples, rate = soundfile.read(sphere, dtype="int16")
        raw = sphere.with_suffix(".raw")
        soundfile.write(raw, samples, rate, format="RAW", subtype="PCM_16", endian=order)
        heard[raw.stem] = samples
        sphere.unlink()
    for one in an4.read(corpus.parent, "test", tmp_path / "wav").utterances:
        samples, _ = soundfile.read(one.wav, dtype="int16")
        assert (samples == heard[Path(one.wav).stem]).all()


def test_what_is_missing_is_listed(corpus: Path, tmp_path: Path) -> None:
    next((corpus / "wav" / "an4test_clstk").rglob("*.sph")).unlink()
    with (corpus / "etc" / "an4_test.fileids").open("a") as file:
        file.write("an4test_clstk/none/an1-none-b\n")
    made = an4.read(corpus, "test", tmp_path / "wav")
    assert len(made.utterances) == 1
    assert sorted(reject.why for reject in made.rejected) == ["missing", "text"]


def test_a_directory_that_is_not_the_corpus(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"expected etc/ and wav/, found nothing; unpack www.speech.cs.cmu.edu"
    ):
        an4.read(tmp_path, "train", tmp_path)
    with pytest.raises(UserError, match="--set valid: expected one of train dev test"):
        an4.read(tmp_path, "valid", tmp_path)
