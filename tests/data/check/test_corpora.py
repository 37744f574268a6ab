"""The corpora of the project pass their own check."""

import os
from pathlib import Path

import pytest
import soundfile

from parp_espnet.corpora import cldr, mboshi, mini_an4
from parp_espnet.data.check.faults import Level, levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import Findings, check
from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.phones.ipa import load_inventory

CORPUS = Path(os.environ.get("MBOSHI", Path(__file__).parents[4] / "shared" / "mboshi"))


def found(folders: list[Path], language: str) -> Findings:
    return check(folders, Limits(inventory=frozenset(load_inventory(language))), levels({}))


def test_cldr(tmp_path: Path) -> None:
    for split in ("train", "test"):
        utterances = []
        for one in cldr.generate("es", split, minutes=0.3, seed=0):
            wav = tmp_path / f"{one.id}.wav"
            soundfile.write(wav, one.samples, 16000, subtype="PCM_16")
            utterances.append(
                Utterance(one.id, one.speaker, "es", str(wav), one.phones, one.text, one.duration)
            )
        write_data_dir(tmp_path / split, utterances)
    faults = found([tmp_path / "train", tmp_path / "test"], "es").faults
    # Some twenty seconds have not all phones.
    assert {fault.kind for fault in faults} <= {"unseen"}


def test_an4(tmp_path: Path) -> None:
    for split in mini_an4.SPLITS:
        write_data_dir(tmp_path / split, mini_an4.read(split, tmp_path / "wav" / split))
    faults = found([tmp_path / split for split in mini_an4.SPLITS], "en").faults
    # The one utterance of dev is by a speaker of train; and five utterances have not all phones.
    others = [(fault.kind, fault.utterance) for fault in faults if fault.kind != "unseen"]
    assert others == [("same-speaker", "mwhw")]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no Mboshi corpus: set MBOSHI to its directory")
def test_mboshi(tmp_path: Path) -> None:
    for split in mboshi.SPLITS:
        write_data_dir(tmp_path / split, mboshi.read(CORPUS, split))
    assert found([tmp_path / split for split in mboshi.SPLITS], "mb").of(Level.ERROR) == ()
