"""What the check passes is formatted: both refuse the same."""

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.data.check.faults import Level, levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check
from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import UserError
from parp_espnet.espnet.decode import read_wav_scp
from parp_espnet.pipeline.formatting import filter_data, format_data

IDS = (
    *(
        "u",
        "c",
        "a",
        "A",
        "a-b",
        "b-c",
        "a-b-c",
        "sp0.9-a",
        "é",
        "e\u0301",
        "x" * 240,
        "a/b",
        "-n",
        ".h",
        "%",
    ),
    *("../../x", "/etc/x", "a\u00a0b", "a\u200bb", "a\u2028b"),
)
SPEAKERS = ("u", "a", "A", "a-b", "x/y", "a\u200bb", "ana maria", "", "..")
ODD_RECORDINGS = (
    "{}/odd\u2028name.wav",
    "{}/odd name.wav",
    "{}/../sound/w0.wav",
    "-",
    "|cat",
    "cat w0.wav |",
    "",
)
LANGUAGES = ("es", "es fr", "x\u2028y", "")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings") / "sound"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("w0.wav", "w1.wav", "w2.wav", "odd\u2028name.wav", "odd name.wav"):
        soundfile.write(folder / name, 0.1 * rng.standard_normal(16000), 16000)
    return folder


def write(data: Path, sound: Path, chance: random.Random) -> None:
    """A data directory of three utterances, in which anything may be odd."""
    ids = sorted(chance.sample(IDS, 3))
    recordings = [f"{sound}/w{number}.wav" for number in range(3)]
    if chance.random() < 0.5:
        recordings[chance.randrange(3)] = chance.choice(ODD_RECORDINGS).format(sound)
    rows = {
        "wav.scp": recordings,
        "text": ["a b"] * 3,
        "utt2spk": [chance.choice(SPEAKERS) for _ in ids],
        "utt2lang": [chance.choice(LANGUAGES) for _ in ids],
        "segments": [
            f"{id_} 0.1 {chance.choice(['0.9', '1', '1.05', '2', '0.1001'])}" for id_ in ids
        ],
    }
    kept = [
        "wav.scp",
        "text",
        *(name for name in ("utt2spk", "utt2lang", "segments") if chance.random() < 0.4),
    ]
    data.mkdir()
    for name in kept:
        lines = [f"{id_} {value}\n" for id_, value in zip(ids, rows[name], strict=True)]
        (data / name).write_text("".join(lines), encoding="utf-8")


def passes(data: Path) -> bool:
    try:
        return not check([data], Limits(), levels({})).of(Level.ERROR)
    except UserError:
        return False


def test_what_passes_the_check_is_formatted_and_read(sound: Path, tmp_path: Path) -> None:
    passed = 0
    for number in range(300):
        data = tmp_path / str(number)
        write(data, sound, random.Random(number))
        if passes(data):
            passed += 1
            format_data(data, data / "org", "es", jobs=1)
            filter_data(data / "org", data / "raw", 0.25, 20.0)
            assert len(read_data_dir(data / "raw")) == len(read_wav_scp(data / "raw")) == 3
            assert all(path.parent == data / "org/wav" for path in (data / "org/wav").rglob("*"))
    assert passed > 20
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, range(300))), (
        "nothing beside them"
    )
