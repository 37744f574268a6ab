"""What an upstream cannot do is said before it is trained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.upstream_checks import check_upstream

WHISPER = {"frontend": "whisper_encoder", "model": "whisper"}
"""As the preflight leaves it."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of an experiment in the present directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whisper").mkdir()
    write_json(tmp_path / "whisper/preprocessor_config.json", {"chunk_length": 30})
    return read(["--recipe", str(tmp_path), "--corpus", "none", "--lang", "xx"])


@pytest.mark.parametrize(
    ("left", "whose"),
    [
        ({"upstream": "wavlm_local", "path_or_url": "a.pt"}, "s3prl's"),
        ({"upstream": "data2vec_local", "path_or_url": "a.pt"}, "s3prl's"),
        ({"upstream": "wav2vec2_local", "path_or_url": "a.pt"}, "s3prl's"),
        ({"frontend": "espnet_ssl", "path_or_url": "a.pth"}, "ESPnet's"),
    ],
)
def test_code_that_keeps_everything(settings: Settings, left: dict[str, Any], whose: str) -> None:
    check_upstream(settings, left)
    with pytest.raises(UserError, match=f"--gradient_checkpointing true: .* runs in {whose} own"):
        check_upstream(replace(settings, gradient_checkpointing=True), left)


@pytest.mark.parametrize(
    "left", [{"upstream": "hf_wav2vec2_custom", "path_or_url": "a"}, {"model": "a"}, WHISPER]
)
def test_code_that_computes_again(settings: Settings, left: dict[str, Any]) -> None:
    check_upstream(replace(settings, gradient_checkpointing=True), left)


@pytest.fixture
def tested(tmp_path: Path, tones: Path) -> Callable[[float], None]:
    """Make a test set with an utterance of so many seconds."""

    def make(seconds: float) -> None:
        utterance = Utterance("s-u", "s", "xx", str(tones / "tone-0.wav"), ("a",), "a", seconds)
        write_data_dir(tmp_path / "dump/raw/test", [utterance])

    return make


def test_whisper_hears_a_window(settings: Settings, tested: Callable[[float], None]) -> None:
    tested(30.0)
    check_upstream(settings, WHISPER)
    tested(30.5)
    # Others hear all of it.
    check_upstream(settings, {"model": "w2v-bert"})
    with pytest.raises(UserError, match=r"1 utterances are longer than the 30 s .* s-u of 30.5 s"):
        check_upstream(settings, WHISPER)
