"""Layers that are computed again in the backward pass: the same model, of less memory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import WavLMConfig, WavLMModel

from parp_espnet.errors import UserError
from parp_espnet.espnet.freezing import freeze_convolutions
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.recomputing import recompute_layers
from parp_espnet.espnet.states import load_model_state
from parp_espnet.files import read_json
from parp_espnet.upstreams.frontend import frontend_options
from parp_espnet.upstreams.preflight import preflight

MODEL = "valid.loss.ave.pth"
TWO = {"max_epoch": 1, "num_iters_per_epoch": 2, "scheduler_conf": {"max_steps": 2}}
SIZES = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}

CONVOLUTIONS = {
    "conv_dim": [16] * 5, "conv_kernel": [20, 8, 4, 2, 2], "conv_stride": [10, 4, 2, 2, 2],
    "num_feat_extract_layers": 5, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip


def kept_bytes(model: Any) -> int:
    """How many bytes a forward pass keeps for its backward pass."""
    total = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal total
        total += tensor.numel() * tensor.element_size()
        return tensor

    text = torch.tensor([[2, 3]])
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(torch.randn(1, 32000), torch.tensor([32000]), text, torch.tensor([2]))
    return total


@pytest.mark.parametrize("dropped", [0.0, 0.5])
def test_the_same_bits(
    recipe_on: Callable[..., Any],
    make_upstream: Callable[..., Path],
    tmp_path: Path,
    dropped: float,
) -> None:
    recipe = recipe_on(make_upstream(tmp_path / "upstream", layerdrop=dropped))
    plain = recipe.train(tmp_path / "plain", **TWO)
    again = recipe.train(tmp_path / "again", gradient_checkpointing=True, **TWO)
    expected, found = load_model_state(plain / MODEL), load_model_state(again / MODEL)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_less_is_kept(learned: Path) -> None:
    model, _ = load_model(learned / MODEL)
    freeze_convolutions(model.train())
    plain = kept_bytes(model)
    recompute_layers(model)
    assert kept_bytes(model) < 0.6 * plain


@pytest.mark.parametrize("kind", ["Wav2Vec2Bert", "Wav2Vec2Conformer", "SEW"])
def test_of_espnets_own_frontend(recipe_on: Callable[..., Any], tmp_path: Path, kind: str) -> None:
    torch.manual_seed(0)
    sizes = SIZES | (CONVOLUTIONS if kind != "Wav2Vec2Bert" else {})
    config = getattr(transformers, f"{kind}Config")(
        **sizes, num_hidden_layers=1, mask_time_prob=0.0
    )
    getattr(transformers, f"{kind}Model")(config).save_pretrained(tmp_path / "in")
    options = frontend_options(preflight(str(tmp_path / "in"), tmp_path / "out").frontend)
    recipe = recipe_on(tmp_path / "out")
    plain = recipe.train(tmp_path / "plain", **options, **TWO)
    again = recipe.train(tmp_path / "again", gradient_checkpointing=True, **options, **TWO)
    expected, found = load_model_state(plain / MODEL), load_model_state(again / MODEL)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_s3prls_own_code_keeps_everything(recipe_on: Callable[..., Any], tmp_path: Path) -> None:
    config = WavLMConfig(**SIZES, **CONVOLUTIONS, num_hidden_layers=1)
    WavLMModel(config).save_pretrained(tmp_path / "in")
    options = frontend_options(preflight(str(tmp_path / "in"), tmp_path / "out").frontend)
    recipe = recipe_on(tmp_path / "out")
    with pytest.raises(
        UserError, match=r"--gradient_checkpointing true: expected an upstream that"
    ):
        recipe.train(tmp_path / "exp", gradient_checkpointing=True, **options, **TWO)


@pytest.mark.parametrize("asked", [None, False, True])
def test_a_configuration_of_old_does_not_ask_for_it(tmp_path: Path, asked: bool | None) -> None:
    config = transformers.Wav2Vec2Config(**SIZES, **CONVOLUTIONS, num_hidden_layers=1)
    transformers.Wav2Vec2Model(config).save_pretrained(tmp_path / "in")
    file = tmp_path / "in" / "config.json"
    if asked is not None:
        file.write_text(json.dumps(read_json(file) | {"gradient_checkpointing": asked}))
    changed = preflight(str(tmp_path / "in"), tmp_path / "out").changed
    assert changed.get("gradient_checkpointing") == ((True, False) if asked else None)
    loaded: Any = transformers.Wav2Vec2Model.from_pretrained(tmp_path / "out")
    assert not loaded.is_gradient_checkpointing
