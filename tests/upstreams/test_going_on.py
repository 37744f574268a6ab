"""A pretraining that goes on from an upstream, on recordings that nobody has transcribed."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from transformers import HubertModel

from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import read_blocks
from parp_espnet.upstreams.pretrain import train
from parp_espnet.upstreams.pretrain.begin import begin
from parp_espnet.upstreams.pretrain.config import Iteration, PretrainConfig
from parp_espnet.upstreams.pretrain.export import export
from parp_espnet.upstreams.pretrain.recordings import NAME, going_on, keep_recordings
from parp_espnet.upstreams.pretrain.speech import load_clips
from parp_espnet.upstreams.pretrain.train import pretrain

ROOT = Path(__file__).resolve().parents[2]
RATE = 16000
EVALUATE = train.evaluate
TINY = PretrainConfig(
    languages=(),
    iterations=(Iteration(updates=4, minutes=0, clusters=4, layer=1),),
    model={},
    batch_seconds=8.0,
    max_seconds=1.0,
    save_every=2,
)


@pytest.fixture(scope="module")
def tapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings, one of another rate, and one that is damaged."""
    folder = tmp_path_factory.mktemp("tapes")
    rng = np.random.default_rng(0)
    soundfile.write(folder / "a.wav", 0.1 * rng.standard_normal(4 * RATE + 100), RATE)
    soundfile.write(folder / "b.flac", 0.1 * rng.standard_normal(2 * 8000), 8000)
    (folder / "c.wav").write_bytes(b"RIFF")
    return folder


def run(folder: Path, upstream: Path, tapes: Path, config: PretrainConfig = TINY) -> Path:
    config = going_on(config, upstream)
    keep_recordings(config, sorted(tapes.iterdir()), read_blocks, folder)
    return pretrain(config, folder, begin(config, upstream, folder))


def test_recordings_become_pieces(upstream: Path, tapes: Path, tmp_path: Path) -> None:
    config = going_on(TINY, upstream)
    keep_recordings(config, sorted(tapes.iterdir()), read_blocks, tmp_path)
    pieces = load_clips(tmp_path / f"speech/train1/{NAME}.json")
    dev = load_clips(tmp_path / f"speech/dev/{NAME}.json")
    # The rest of a.wav is too short, c.wav is no recording.
    assert [len(clip.samples) for clip in (*pieces, *dev)] == [RATE] * 6
    assert len(dev) == 1
    loud = soundfile.read(tapes / "a.wav", dtype="int16")[0][:RATE]
    assert np.abs(pieces[0].samples - loud).max() <= 1


def interrupt_at_second() -> Callable[..., dict[str, float]]:
    """An evaluation at whose second call Ctrl-C is pressed."""
    calls: list[int] = []

    def evaluate(*given: Any) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return EVALUATE(*given)

    return evaluate


def test_an_interruption_changes_no_bit_and_the_upstream_has_learned(
    upstream: Path, tapes: Path, tmp_path: Path
) -> None:
    whole = run(tmp_path / "whole", upstream, tapes)
    states = torch.load(whole, weights_only=True)
    parts = tmp_path / "parts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "evaluate", interrupt_at_second())
        with pytest.raises(KeyboardInterrupt):
            run(parts, upstream, tapes)
    assert torch.load(parts / "iter1/checkpoint.pt", weights_only=True)["updates"] == 2
    repeated = torch.load(run(parts, upstream, tapes), weights_only=True)
    assert repeated["updates"] == 4
    for name, tensor in states["model"].items():
        assert torch.equal(repeated["model"][name], tensor)
    config = going_on(TINY, upstream)
    longer = replace(config, iterations=(replace(config.iterations[0], updates=8),))
    with pytest.raises(UserError, match="4 of 8 updates are done"):
        export(longer, whole, tmp_path / "out")
    export(config, whole, tmp_path / "out")
    before = HubertModel.from_pretrained(upstream).state_dict()
    after = HubertModel.from_pretrained(tmp_path / "out").state_dict()
    assert before.keys() == after.keys()
    name = "encoder.layers.0.attention.q_proj.weight"
    difference = (before[name] - after[name]).abs().max()
    assert 1e-5 < difference < 0.1


def test_it_begins_with_the_upstream(upstream: Path, tmp_path: Path) -> None:
    config = going_on(TINY, upstream)
    states = torch.load(begin(config, upstream, tmp_path), weights_only=True)["model"]
    for name, tensor in HubertModel.from_pretrained(upstream).state_dict().items():
        assert torch.equal(states[f"encoder.{name}"], tensor)


def test_other_recordings_are_another_pretraining(
    upstream: Path, tapes: Path, tmp_path: Path
) -> None:
    config = going_on(TINY, upstream)
    keep_recordings(config, [tapes / "a.wav"], read_blocks, tmp_path)
    (tmp_path / "iter1").mkdir()
    with pytest.raises(UserError, match="the recordings have changed since"):
        keep_recordings(config, [tapes / "b.flac"], read_blocks, tmp_path)


def test_what_it_cannot_go_on_from(
    upstream: Path, make_upstream: Callable[..., Path], tapes: Path, tmp_path: Path
) -> None:
    other = make_upstream(tmp_path / "other", family="wav2vec2")
    with pytest.raises(UserError, match=r"expected a HuBERT in .* found wav2vec2"):
        going_on(TINY, other)
    with pytest.raises(UserError, match=r"found no config\.json"):
        going_on(TINY, tapes)
    with pytest.raises(UserError, match=r"without languages, .* found es"):
        going_on(replace(TINY, languages=("es",)), upstream)
    no_layer = (Iteration(updates=4, minutes=0, clusters=4),)
    with pytest.raises(UserError, match="one iteration with the layer"):
        going_on(replace(TINY, iterations=no_layer), upstream)
    too_high = (Iteration(updates=4, minutes=0, clusters=4, layer=3),)
    with pytest.raises(UserError, match="expected 1 to 2, found 3"):
        going_on(replace(TINY, iterations=too_high), upstream)
    plain = shutil.copytree(upstream, tmp_path / "plain")
    (plain / "preprocessor_config.json").write_text(json.dumps({"do_normalize": False}))
    with pytest.raises(UserError, match="hears normalised samples"):
        going_on(TINY, plain)
    with pytest.raises(UserError, match=r"more than 1 seconds of recordings .* in 1 files"):
        keep_recordings(going_on(TINY, upstream), [tapes / "c.wav"], read_blocks, tmp_path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--init multi", "--init multi: expected --raw_speech DIR beside it"),
        ("--raw_speech tapes", "--raw_speech tapes: expected --init DIR beside it"),
        ("--init nowhere --raw_speech tapes", "--init nowhere: no such directory in"),
        ("--init multi --raw_speech gone", "--raw_speech gone: no such directory in"),
    ],
)
def test_the_recipe_says_what_it_lacks(tapes: Path, words: str, message: str) -> None:
    done = call(tapes.parent, *words.replace("tapes", tapes.name).split())
    assert done.returncode != 0
    assert message.replace("tapes", tapes.name) in done.stderr
    assert "Traceback" not in done.stderr


def test_the_recipe_shows_what_it_would_do(tapes: Path) -> None:
    words = ("--init", "multi", "--raw_speech", tapes.name, "--dry_run", "true")
    done = call(tapes.parent, *words)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "parp_espnet.bin.pretrain" in line]
    assert len(lines) == 3
    for line in lines:
        assert f"--raw_speech {tapes}" in line
        assert "upstreams/multi" in line
    assert "--out exp/upstreams/continue-" in lines[2]


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "egs2/cldr/ssl1/run.sh"
    command = [str(script), "--config", "conf/continue.yaml", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=dict(os.environ)
    )
