from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.errors import UserError
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.settings import Settings

type Read = Callable[..., Settings]


@pytest.fixture
def options(tmp_path: Path) -> Read:
    """Read the options of an experiment in a recipe of its own."""
    (tmp_path / "data").mkdir()
    return lambda *words: read(["--recipe", str(tmp_path), "--method", "dense", *words])


def scp(folder: Path, rate: int = 16000, line: str = "rain {file}\n") -> str:
    file = folder / "rain.wav"
    soundfile.write(file, np.zeros(100), rate)
    (folder / "noise.scp").write_text(line.format(file=file))
    return str(folder / "noise.scp")


def test_another_noise_is_another_experiment_and_stands_in_results(
    options: Read, tmp_path: Path
) -> None:
    plain = options()
    noisy = options("--noise_scp", scp(tmp_path), "--noise_db_range", "5_20")
    rarer = options("--noise_scp", scp(tmp_path), "--noise_apply_prob", "0.5")
    assert len({plain.tag, noisy.tag, rarer.tag}) == 3
    said = options_of(noisy)
    assert str(said["noise_scp"]).startswith("noise.scp ")
    assert said["noise_db_range"] == "5_20"
    assert noisy.noise_conf == {"noise_scp": str(noisy.noise_scp), "noise_db_range": "5_20"}
    assert plain.noise_conf == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--noise_apply_prob 0.5", "--noise_apply_prob 0.5 changes nothing without --noise_scp"),
        ("--noise_db_range 5_20", "changes nothing without --noise_scp"),
        ("--rir_apply_prob 0.5", "changes nothing without --rir_scp"),
        ("--noise_scp {scp} --noise_db_range 20_5", "20_5: expected LOW_HIGH in dB"),
        ("--noise_scp {scp} --noise_db_range loud", "loud: expected LOW_HIGH in dB"),
        ("--noise_scp {scp} --noise_db_range 520", "520: expected LOW_HIGH in dB"),
        ("--noise_scp {scp} --noise_db_range 5_101", "both from -40 to 100"),
        ("--noise_scp {scp} --noise_db_range -41_20", "both from -40 to 100"),
        ("--noise_scp {scp} --noise_apply_prob 2", "at most 1"),
        ("--noise_scp {scp} --noise_apply_prob 0", "--noise_scp changes nothing with"),
        ("--rir_scp {scp} --rir_apply_prob 0.0", "--rir_scp changes nothing with --rir_apply_prob"),
        ("--noise_scp {scp} --updates 0", "--noise_scp changes nothing with --updates 0"),
        ("--noise_scp {scp}.none", "no such file or directory"),
    ],
)
def test_what_cannot_be_is_refused(options: Read, tmp_path: Path, words: str, message: str) -> None:
    place = scp(tmp_path)
    with pytest.raises(UserError) as refused:
        options(*words.format(scp=place).split())
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", ["5_20", "-5_20", "-40_100", "0", "-3.5_4.25", "7_7"])
def test_ranges_of_noise(options: Read, tmp_path: Path, given: str) -> None:
    assert options("--noise_scp", scp(tmp_path), "--noise_db_range", given).noise_db_range == given


@pytest.mark.parametrize(
    ("rate", "line", "message"),
    [
        (8000, "rain {file}\n", "expected a wav or flac of 16000 Hz, found WAV of 8000 Hz"),
        (16000, "rain {file}.none\n", "no such file"),
        (16000, "rain cat {file} |\n", "expected lines 'NAME FILE'"),
        (16000, "rain\n", "expected"),
        (16000, "", "expected"),
    ],
)
def test_a_list_that_espnet_cannot_read_is_refused(
    options: Read, tmp_path: Path, rate: int, line: str, message: str
) -> None:
    with pytest.raises(UserError, match=message) as refused:
        options("--noise_scp", scp(tmp_path, rate, line))
    assert "--noise_scp" in str(refused.value)
    assert "noise.scp" in str(refused.value)
