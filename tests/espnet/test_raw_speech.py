"""Recordings that nobody has transcribed, for a first mask by what comes to weights."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from transformers import AutoModel

from parp_espnet.errors import UserError
from parp_espnet.espnet.raw_speech import MOST_OF_EACH, PIECE_SECONDS, pieces_of
from parp_espnet.pruning.masks import Mask, iou
from parp_espnet.pruning.training import PrunedTraining
from parp_espnet.recognition.grid import RATE

WANDA = {"method": "mpi", "sparsity": 0.5, "score": "activation"}


def record(path: Path, seconds: float, rate: int = RATE, level: float = 0.3) -> None:
    generator = np.random.default_rng(len(path.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = level * np.cumsum(generator.standard_normal(int(seconds * rate))) / rate**0.5
    soundfile.write(path, np.clip(samples, -1, 1).astype(np.float32), rate)


def test_a_minute_of_each_in_pieces(tmp_path: Path) -> None:
    record(tmp_path / "a/long.wav", 70.0, 4000)
    record(tmp_path / "b.flac", 2.0)
    record(tmp_path / "short.wav", 0.1)
    (tmp_path / "bad.wav").write_text("words")
    lengths = [len(piece) / RATE for piece in pieces_of(tmp_path)]
    assert sorted(lengths, reverse=True) == [
        *[PIECE_SECONDS] * int(MOST_OF_EACH / PIECE_SECONDS),
        2,
    ]
    assert lengths == [len(piece) / RATE for piece in pieces_of(tmp_path)]


def test_none_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_text("words")
    with pytest.raises(UserError, match=r"expected recordings that can be read, .* among 1 files"):
        list(pieces_of(tmp_path))


def test_what_is_short_or_silent_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record(tmp_path / "good.wav", 2.0)
    record(tmp_path / "short.wav", 0.1)
    soundfile.write(tmp_path / "silent.wav", np.full(RATE, 0.25), RATE)
    # A pause of a quarter of a minute in a recording is a part of it.
    speech, rate = soundfile.read(tmp_path / "good.wav")
    paused = np.concatenate([np.zeros(int(PIECE_SECONDS * rate)), speech])
    soundfile.write(tmp_path / "paused.wav", paused, rate)
    lengths = sorted(len(piece) / RATE for piece in pieces_of(tmp_path))
    assert lengths == [2.0, 2.0, PIECE_SECONDS]
    assert "short.wav: expected 0.25 s at least, found less" in caplog.text
    assert "silent.wav: expected sound, found silence" in caplog.text
    assert "paused.wav" not in caplog.text


def test_the_first_mask_is_of_it(recipe, tmp_path: Path) -> None:
    record(tmp_path / "speech/a.wav", 3.0)
    quick = {"max_epoch": 1, "num_iters_per_epoch": 1, "keep_nbest_models": 1}
    masks = []
    for name, raw in {"raw": str(tmp_path / "speech"), "trained": None}.items():
        experiment = recipe.train(tmp_path / name, **quick, prune_conf=WANDA, raw_speech=raw)
        masks.append(Mask.load(experiment / "initial_mask.safetensors"))
    raw, trained = masks
    assert raw.made.ranking == "activation"
    assert raw.sparsity == trained.sparsity == 0.5

    model = AutoModel.from_pretrained(recipe.upstream)
    pruning = PrunedTraining(model, torch.optim.Adam(model.parameters()), WANDA)
    (wave,) = pieces_of(tmp_path / "speech")
    normal = torch.from_numpy((wave - wave.mean()) / np.sqrt(wave.var() + 1e-7))[None]
    expected = pruning.start(lambda: model(normal)).kept
    assert iou(raw.kept, expected) > 0.999
    assert iou(trained.kept, expected) < 0.999
