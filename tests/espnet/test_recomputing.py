"""Layers that are computed again in the backward pass: the same model, of less memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Wav2Vec2BertConfig, Wav2Vec2BertModel, WavLMConfig, WavLMModel

from parp_espnet.errors import UserError
from parp_espnet.espnet.freezing import freeze_convolutions
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.recomputing import recompute_layers
from parp_espnet.espnet.states import load_model_state
from parp_espnet.upstreams.frontend import frontend_options
from parp_espnet.upstreams.preflight import preflight

MODEL = "valid.loss.ave.pth"
TWO = {"max_epoch": 1, "num_iters_per_epoch": 2, "scheduler_conf": {"max_steps": 2}}
SIZES = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}


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


def test_of_espnets_own_frontend(recipe_on: Callable[..., Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = Wav2Vec2BertConfig(**SIZES, num_hidden_layers=1, mask_time_prob=0.0)
    Wav2Vec2BertModel(config).save_pretrained(tmp_path / "in")
    options = frontend_options(preflight(str(tmp_path / "in"), tmp_path / "out").frontend)
    recipe = recipe_on(tmp_path / "out")
    plain = recipe.train(tmp_path / "plain", **options, **TWO)
    again = recipe.train(tmp_path / "again", gradient_checkpointing=True, **options, **TWO)
    expected, found = load_model_state(plain / MODEL), load_model_state(again / MODEL)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_s3prls_own_code_keeps_everything(recipe_on: Callable[..., Any], tmp_path: Path) -> None:
    convolutions = {"conv_dim": [16] * 5, "conv_kernel": [20, 8, 4, 2, 2]}
    convolutions |= {"conv_stride": [10, 4, 2, 2, 2], "num_feat_extract_layers": 5}
    positions = {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
    config = WavLMConfig(**SIZES, num_hidden_layers=1, **convolutions, **positions)
    WavLMModel(config).save_pretrained(tmp_path / "in")
    options = frontend_options(preflight(str(tmp_path / "in"), tmp_path / "out").frontend)
    recipe = recipe_on(tmp_path / "out")
    with pytest.raises(
        UserError, match=r"--gradient_checkpointing true: expected an upstream that"
    ):
        recipe.train(tmp_path / "exp", gradient_checkpointing=True, **options, **TWO)
