from pathlib import Path

import pytest
import soundfile

from parp_espnet.corpora import mini_an4
from parp_espnet.errors import UserError
from parp_espnet.phones.ipa import load_inventory


def test_the_wheels_seven_utterances(tmp_path: Path) -> None:
    sets = {split: mini_an4.read(split, tmp_path / split) for split in mini_an4.SPLITS}
    assert {split: len(own) for split, own in sets.items()} == {"train": 4, "dev": 1, "test": 2}
    everything = [one for own in sets.values() for one in own]
    assert len({one.id for one in everything}) == 7
    assert {one.speaker for one in sets["test"]} == {"fcaw", "mmxg"}
    for one in everything:
        audio = soundfile.info(one.wav)
        assert (audio.samplerate, audio.channels, audio.subtype) == (16000, 1, "PCM_16")
        assert audio.frames / 16000 == one.duration > 0.5
        assert set(one.phones) <= set(load_inventory("en"))


def test_phones_are_those_of_the_text(tmp_path: Path) -> None:
    by_text = {one.text: " ".join(one.phones) for one in mini_an4.read("train", tmp_path)}
    assert by_text["YES"] == "j ɛ s"
    assert by_text["MARCH THIRD NINETEEN TWENTY EIGHT"].startswith("m ɑː ɹ tʃ θ ɜː d n aɪ n t iː n")


def test_licence_stays_with_the_recordings(tmp_path: Path) -> None:
    mini_an4.read("test", tmp_path)
    assert "Carnegie Mellon University" in (tmp_path / "LICENSE").read_text()
    assert not list(tmp_path.glob("*.sph"))


def test_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--set valid: expected one of train dev test"):
        mini_an4.read("valid", tmp_path)


def test_espnet_without_an4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mini_an4, "_ARCHIVE", Path("mini_an4") / "nothing.tar.gz")
    with pytest.raises(UserError, match="no AN4 in the installed ESPnet"):
        mini_an4.read("test", tmp_path)
