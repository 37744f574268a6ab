"""Upstreams of their published sizes: that there is one of every kind, that each is as large as it
is said to be, and what is measured, of tiny ones.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from parp_espnet.bench import one_update, sizes
from parp_espnet.bin import real_sizes
from parp_espnet.upstreams import whisper
from parp_espnet.upstreams.hugging_face import MODELS

TINY = {
    "hidden_size": 768, "num_hidden_layers": 1, "num_attention_heads": 12, "intermediate_size": 16,
    "conv_dim": [8] * 7, "num_conv_pos_embedding_groups": 16,
}  # fmt: skip
"""As wide as Base, since files that do not say their heads are known by that."""
HUGGING_FACE = {
    name: size.draw
    for name, size in sizes.SIZES.items()
    if isinstance(size.draw, partial) and size.draw.func is sizes.draw_hugging_face
}


def test_there_is_one_of_every_kind() -> None:
    kinds = set()
    for draw in HUGGING_FACE.values():
        kinds.add(getattr(transformers, f"{draw.args[0]}Config").model_type)
    assert kinds == {*MODELS, whisper.KIND}
    others = {size.draw for name, size in sizes.SIZES.items() if name not in HUGGING_FACE}
    assert len(others) == 6  # s3prl's three, omniASR, SpidR, XEUS


@pytest.mark.parametrize("name", sorted(HUGGING_FACE))
def test_each_is_as_large_as_it_is_said_to_be(name: str) -> None:
    kind, settings = HUGGING_FACE[name].args
    with torch.device("meta"):
        model: Any = getattr(transformers, f"{kind}Model")(
            getattr(transformers, f"{kind}Config")(**settings)
        )
    model = model.encoder if kind == "Whisper" else model
    millions = sum(tensor.numel() for tensor in model.parameters()) / 1e6
    assert sizes.SIZES[name].millions == pytest.approx(millions, abs=0.06)


@pytest.mark.parametrize(
    "draw",
    [
        partial(sizes.draw_hugging_face, "Wav2Vec2", {**TINY, "num_conv_pos_embeddings": 4}),
        partial(
            sizes.draw_fairseq2,
            {**TINY, **sizes.STABLE, "conv_bias": True, "num_conv_pos_embeddings": 4},
        ),
        partial(sizes.draw_spidr, TINY),
    ],
)
def test_what_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, draw: Any) -> None:
    monkeypatch.setattr(one_update, "SECONDS", 2)
    one_update.prepare(draw, tmp_path)
    found = one_update.train(tmp_path)
    assert found["seconds"] > 0
    assert found["peak_bytes"] > 0
    # Four matrices of 768 × 768, two of 16 × 768, and their biases.
    assert found["pruned"] == 4 * 768 * 768 + 2 * 16 * 768 + 5 * 768 + 16
    assert found["sparsity"] == pytest.approx(0.5, abs=1e-6)
    row = {"size": "tiny", **found}
    assert len(real_sizes.cells(row)) == len(real_sizes.HEAD)


@pytest.mark.parametrize("draw", [sizes.draw_native_wav2vec2, sizes.draw_native_hubert])
def test_s3prls_own_are_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, draw: sizes.Draw
) -> None:
    """Neither was loaded by s3prl: what their checkpoints said of themselves was incomplete."""
    monkeypatch.setattr(one_update, "SECONDS", 2)
    convolutions = str([(8, width, stride) for _, width, stride in sizes.CONVOLUTIONS])
    tiny = {"conv_feature_layers": convolutions, "encoder_layers": 1, "encoder_ffn_embed_dim": 16}
    monkeypatch.setattr(sizes, "NATIVE_BASE", {**sizes.NATIVE_BASE, **tiny})
    one_update.prepare(draw, tmp_path)
    found = one_update.train(tmp_path)
    assert found["pruned"] == 4 * 768 * 768 + 2 * 16 * 768 + 5 * 768 + 16
    assert found["sparsity"] == pytest.approx(0.5, abs=1e-6)


def test_what_does_not_fit_is_left_out_in_a_line() -> None:
    assert real_sizes.too_large("base", 95, round(4e9)) is None
    why = real_sizes.too_large("w2v-bert-2.0", 580, round(8e9))
    assert why is not None
    assert "left out: about 14.8 GB of memory are needed, 8.0 GB are free" in why


def test_an_unknown_size(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["real_sizes", "wav2vec3"])
    with pytest.raises(SystemExit) as ended:
        real_sizes.main()
    assert ended.value.code == 2
    assert "wav2vec3: expected some of wav2vec2-base, " in capsys.readouterr().err
