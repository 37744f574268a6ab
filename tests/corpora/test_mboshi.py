import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import mboshi
from parp_espnet.errors import UserError
from parp_espnet.phones.ipa import load_inventory

BESIDE = Path(__file__).parents[3] / "shared" / "mboshi"
CORPUS = Path(os.environ.get("MBOSHI", BESIDE))

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason="no Mboshi corpus: set MBOSHI to its directory, or put it in ../shared/mboshi",
)


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("Wáá ngá", "w aː ŋɡ a"),
        ("Táá ápέ", "t aː a p ɛ"),
        ("okωω m' íkúruma l' ókondzi Nzambé", "o k ɔː m i k u r u m a l o k o ndz i nz a mb e"),
        ("Mbvándé ndzoó mvúá", "mbv a nd e ndz oː mv u a"),
        ("Nyέbhí opfubhá efuughúlú", "ɲ ɛ β i o pf u β a e f uː ɣ u l u"),
        ("ÓKWÁ okyengeli ongwεndzε", "o kʷ a o kʲ e ŋɡ e l i o ŋɡ w ɛ ndz ɛ"),
        ("báatswaamá, bvúa?", "b aː ts w aː m a bv u a"),
        ("ebvwω idzwa aaa", "e bv w ɔ i dz w a aː a"),
        ("", ""),
    ],
)
def test_rule(text: str, phones: str) -> None:
    assert mboshi.phones_of(text) == tuple(phones.split())


def test_every_phone_of_the_rule_is_in_the_inventory_and_the_other_way_round() -> None:
    assert set(mboshi._LETTERS.values()) == set(load_inventory("mb"))


def _corpus(root: Path, text: str, rate: int = 16000) -> Path:
    folder = root / "full_corpus_newsplit" / "train"
    folder.mkdir(parents=True)
    (folder / "ana_2015_x_1.mb").write_text(text + "\n", encoding="utf-8")
    soundfile.write(
        folder / "ana_2015_x_1.wav", np.zeros(2 * rate, np.int16), rate, subtype="PCM_16"
    )
    return folder


def test_layout(tmp_path: Path) -> None:
    _corpus(tmp_path, "Ngá  adi")
    (one,) = mboshi.read(tmp_path, "train")
    assert (one.id, one.speaker, one.language, one.text) == ("ana-2015_x_1", "ana", "mb", "Ngá adi")
    assert (one.phones, one.duration) == (("ŋɡ", "a", "a", "d", "i"), 2.0)
    assert Path(one.wav).is_file()


def test_unknown_character_names_utterance_file_and_character(tmp_path: Path) -> None:
    _corpus(tmp_path, "Ngá çadi")
    with pytest.raises(
        UserError, match=r"train/ana_2015_x_1.mb: utterance ana_2015_x_1: 'ç' \(U\+00E7\)"
    ):
        mboshi.read(tmp_path, "train")


def test_a_text_of_another_encoding_is_named(tmp_path: Path) -> None:
    (_corpus(tmp_path, "Ngá") / "ana_2015_x_1.mb").write_bytes("Ngá".encode("latin-1"))
    with pytest.raises(UserError, match=r"ana_2015_x_1.mb: .*UTF-8"):
        mboshi.read(tmp_path, "train")


def test_wrong_sample_rate(tmp_path: Path) -> None:
    _corpus(tmp_path, "Ngá", rate=8000)
    with pytest.raises(UserError, match=r"ana_2015_x_1.wav: expected 16 kHz mono, found 8000 Hz"):
        mboshi.read(tmp_path, "train")


@pytest.mark.parametrize(
    ("suffix", "lacks"), [("wav", r"recording \(.wav\)"), ("mb", r"transcription \(.mb\)")]
)
def test_half_an_utterance(tmp_path: Path, suffix: str, lacks: str) -> None:
    (_corpus(tmp_path, "Ngá") / f"ana_2015_x_1.{suffix}").unlink()
    with pytest.raises(UserError, match=f"utterance ana_2015_x_1 has no {lacks}"):
        mboshi.read(tmp_path, "train")


def test_directory_that_is_not_the_corpus(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"no full_corpus_newsplit/train in it; expected a clone of github.com"
    ):
        mboshi.read(tmp_path, "train")
    (tmp_path / "full_corpus_newsplit" / "train").mkdir(parents=True)
    with pytest.raises(UserError, match="no recording in it"):
        mboshi.read(tmp_path, "train")
    with pytest.raises(UserError, match="--set valid: expected one of train dev test"):
        mboshi.read(tmp_path, "valid")


@needs_corpus
def test_sets_of_the_corpus() -> None:
    sets = {split: mboshi.read(CORPUS, split) for split in mboshi.SPLITS}
    sentences = {split: {one.phones for one in own} for split, own in sets.items()}
    assert not sentences["dev"] & sentences["test"]
    assert min(len(own) for own in sets.values()) >= 100
    assert {one.speaker for one in sets["train"]} == {"abiayi", "kouarata", "martial"}
    inventory = set(load_inventory("mb"))
    for own in sets.values():
        for one in own:
            assert set(one.phones) <= inventory
            assert 1 < len(one.phones) / one.duration < 15
