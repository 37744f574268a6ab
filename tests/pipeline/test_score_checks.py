"""What a score needs, asked before anything runs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from parp_espnet.errors import UserError
from parp_espnet.glue.command_line import read as read_text
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.config import make
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings

ES = ROOT / "egs2/cldr/es"
WANDA = ("--method", "mpi", "--score", "activation")


def settings_of(*words: object) -> Settings:
    given = ("--recipe", ES, "--corpus", "cldr", "--lang", "es", *words)
    return read([str(word) for word in given])


def test_raw_speech_is_of_the_training(
    tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(*WANDA, "--raw_speech", tones)
    assert settings.raw_speech is not None
    assert (ES / settings.raw_speech).resolve() == tones.resolve()
    assert settings.tag != settings_of(*WANDA).tag
    monkeypatch.chdir(ES)
    frontend = tmp_path / "frontend.json"
    frontend.write_text("{}")
    make(settings, frontend, None, tmp_path / "train.yaml")
    written = yaml.safe_load((tmp_path / "train.yaml").read_text())
    assert written["raw_speech"] == str(settings.raw_speech)
    make(settings_of(*WANDA), frontend, None, tmp_path / "plain.yaml")
    assert "raw_speech" not in yaml.safe_load((tmp_path / "plain.yaml").read_text())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "mpi"), "expected --score activation, found magnitude"),
        (("--method", "parp-p", "--score", "moment", "--start_sparsity", "0"), "--score activa"),
        (("--method", "router"), "expected --score activation, found magnitude"),
        (
            ("--method", "parp", "--score", "activation", "--first_mask", "uniform"),
            "expected a first mask that is ranked in training, found one that is uniform",
        ),
        (
            ("--method", "parp-p", "--score", "activation", "--start_sparsity", "0"),
            "expected a first mask that prunes some weights, found sparsity 0",
        ),
        ((*WANDA, "--sparsity", "0"), "found sparsity 0"),
    ],
)
def test_raw_speech_that_changes_nothing(words: tuple[str, ...], message: str, tones: Path) -> None:
    with pytest.raises(UserError, match=message) as refused:
        settings_of(*words, "--raw_speech", tones)
    assert "\n" not in str(refused.value)


def test_raw_speech_that_is_none(tones: Path, tmp_path: Path) -> None:
    empty, words, bad = (tmp_path / name for name in ("empty", "words", "bad"))
    for folder in (empty, words, bad):
        folder.mkdir()
    (words / "a.txt").write_text("words")
    (bad / "a.wav").write_text("words")
    (bad / "short.wav").write_bytes((tones / "tone-0.wav").read_bytes()[:300])
    for folder, message in {
        tmp_path / "gone": "expected a directory of recordings, found nothing",
        tones / "tone-0.wav": "expected a directory of recordings, found a file",
        empty: "expected audio files in it, found none",
        words: "expected audio files in it, found none",
        bad: "expected a recording that can be read, found none among 2 files",
    }.items():
        with pytest.raises(UserError, match=message) as refused:
            settings_of(*WANDA, "--raw_speech", folder)
        assert str(refused.value).startswith(f"phn.sh: --raw_speech {folder}: ")
        assert "\n" not in str(refused.value)
    shutil.copy(tones / "tone-0.wav", bad / "b.wav")
    settings_of(*WANDA, "--raw_speech", bad)


def test_raw_speech_may_be_made_after_a_dry_run(tmp_path: Path) -> None:
    settings_of(*WANDA, "--raw_speech", tmp_path / "gone", "--dry_run", "true")
    with pytest.raises(UserError, match="expected audio files in it, found none"):
        settings_of(*WANDA, "--raw_speech", tmp_path, "--dry_run", "true")


def test_raw_speech_that_is_silent(tones: Path, tmp_path: Path) -> None:
    silent, late = tmp_path / "silent", tmp_path / "late"
    for folder in (silent, late):
        folder.mkdir()
    soundfile.write(silent / "a.wav", np.zeros(32000), 16000)
    soundfile.write(silent / "b.wav", np.full(32000, -0.5), 16000)
    with pytest.raises(UserError, match=r"none among 2 files \(.*a\.wav is silent\)"):
        settings_of(*WANDA, "--raw_speech", silent)
    samples, rate = soundfile.read(tones / "tone-0.wav")
    soundfile.write(late / "a.wav", np.concatenate([np.zeros(20 * rate), samples]), rate)
    settings_of(*WANDA, "--raw_speech", late)


def test_text_has_no_raw_speech(tones: Path) -> None:
    with pytest.raises(UserError, match=r"glue\.sh: there is no option --raw_speech"):
        read_text(["--task", "cldr_sim", "--raw_speech", str(tones)])


@pytest.mark.parametrize("optimizer", ["sgd", "adamax", "rmsprop"])
def test_an_optimizer_without_second_moments(optimizer: str, tmp_path: Path) -> None:
    config = tmp_path / "other.yaml"
    config.write_text((ROOT / "conf/train/phn.yaml").read_text().replace("adam", optimizer))
    moment = ("--method", "parp-p", "--score", "moment", "--start_sparsity", "0")
    with pytest.raises(UserError, match=f"second moments, adam.* found {optimizer} in other.yaml"):
        settings_of(*moment, "--train_config", config)
    settings_of("--method", "parp-p", "--train_config", config)
    settings_of(*moment)


def test_an_upstream_whose_layers_are_not_called(
    tmp_path: Path, make_upstream: Callable[..., Path]
) -> None:
    upstream = make_upstream(tmp_path / "upstream")
    settings_of(*WANDA, "--upstream", upstream)
    config = upstream / "config.json"
    config.write_text(config.read_text().replace('"hubert"', '"wavlm"'))
    with pytest.raises(UserError, match=r"--score activation: .* found a WavLM, whose attention"):
        settings_of(*WANDA, "--upstream", upstream)
    settings_of("--method", "mpi", "--upstream", upstream)
