"""Checkpoints of fairseq2's names and shapes, as they are read from its implementation."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.upstreams import fairseq2
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.weights import load_weights
from tests.upstreams.omni import ASKED, CHANNELS, HEADS, LAYERS, SIZE, UNITS, drawn, save

OWN = (
    ("encoder_frontend.feature_extractor.layers.", "feature_extractor.conv_layers."),
    ("layers.0.group_norm", "layers.0.layer_norm"),
    ("encoder_frontend.post_extract_layer_norm", "feature_projection.layer_norm"),
    ("encoder_frontend.model_dim_proj", "feature_projection.projection"),
    ("encoder_frontend.pos_encoder.", "encoder.pos_conv_embed."),
    ("conv.weight_g", "conv.parametrizations.weight.original0"),
    ("conv.weight_v", "conv.parametrizations.weight.original1"),
    ("self_attn_layer_norm", "layer_norm"),
    ("self_attn.output_proj", "attention.out_proj"),
    ("self_attn.", "attention."),
    ("ffn.inner_proj", "feed_forward.intermediate_dense"),
    ("ffn.output_proj", "feed_forward.output_dense"),
    ("ffn_layer_norm", "final_layer_norm"),
    ("masker.temporal_mask_embed", "masked_spec_embed"),
)


def renamed(name: str) -> str:
    for own, other in OWN:
        name = name.replace(own, other)
    return name


@pytest.mark.parametrize("stable", [True, False])
@pytest.mark.parametrize("wrapper", ["", "module."])
def test_it_becomes_the_same_wav2vec2(tmp_path: Path, stable: bool, wrapper: str) -> None:
    weights = drawn(stable)
    file = save(tmp_path / "omni.pt", {f"{wrapper}{name}": weights[name] for name in weights})
    checked = preflight(str(file), tmp_path / "out", ASKED)
    assert checked.frontend["upstream"] == "hf_wav2vec2_custom"
    config = read_json(tmp_path / "out" / "config.json")
    assert (config["do_stable_layer_norm"], config["conv_bias"]) == (stable, stable)
    assert config["conv_stride"] == [5, 2, 2, 2, 2, 2, 2]

    # By the sizes alone, and by names that are put the other way round.
    own = Wav2Vec2Model(
        Wav2Vec2Config(
            hidden_size=SIZE, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
            intermediate_size=UNITS, conv_dim=[CHANNELS] * 7, conv_bias=stable,
            num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4,
            do_stable_layer_norm=stable, feat_extract_norm="layer" if stable else "group",
        )
    )  # fmt: skip
    kept = {}
    for name, tensor in weights.items():
        if not name.startswith(("quantizer.", "final_proj.")):
            other = "encoder_frontend.layer_norm", "encoder.layer_norm"
            kept[renamed(name.replace(*other))] = tensor
    own.load_state_dict(kept, strict=True)
    converted = Wav2Vec2Model.from_pretrained(tmp_path / "out").eval()
    wave = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(converted(wave)[0], own.eval()(wave)[0])
    assert converted.config.hidden_act == "gelu"


def test_the_names_of_a_whole_encoder() -> None:
    own = {name for name in drawn() if name.startswith(("encoder.", "encoder_frontend."))}
    named = fairseq2.names_of(LAYERS, 7)
    assert named.keys() == own
    for name, other in named.items():
        assert renamed(name) == other


def test_masks_fit_between_the_file_and_hugging_face(tmp_path: Path) -> None:
    file = save(tmp_path / "omni.pt", drawn())
    preflight(str(file), tmp_path / "out", ASKED)
    own, other = find_pool(load_weights(file)), find_pool(load_weights(tmp_path / "out"))
    assert shapes_of(own) == shapes_of(other)
    assert all(torch.equal(own[name], other[name]) for name in own)


@pytest.mark.parametrize(
    ("size", "units", "layers", "heads", "millions"),
    [(1024, 4096, 24, 16, 315), (1280, 5120, 48, 16, 962)],
)
def test_real_sizes_have_the_parameters_that_they_are_named_for(
    tmp_path: Path, size: int, units: int, layers: int, heads: int, millions: int
) -> None:
    """omniASR's 300 M and 1 B, of tensors that have shapes and no numbers."""
    with torch.device("meta"):
        config = Wav2Vec2Config(
            hidden_size=size, intermediate_size=units, num_hidden_layers=layers, conv_bias=True,
            do_stable_layer_norm=True, feat_extract_norm="layer", num_attention_heads=heads,
        )  # fmt: skip
        model = Wav2Vec2Model(config)
    assert round(sum(tensor.numel() for tensor in model.parameters()) / 1e6) == millions
    assert fairseq2.HEADS[size] == heads


def without(*patterns: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def leave(weights: dict[str, Any]) -> dict[str, Any]:
        kept = {}
        for name, tensor in weights.items():
            if not any(re.search(pattern, name) for pattern in patterns):
                kept[name] = tensor
        return kept

    return leave


def with_more(name: str, tensor: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda weights: weights | {name: tensor}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without(r"layers\.1\.ffn\.inner"), r"2 of its .*: encoder\.layers\.1\.ffn\.inner_proj\.w"),
        (without(r"encoder\.layers\.0\."), r"16 of .* encoder\.layers\.0\.self_attn\.q_proj"),
        (without(r"encoder\.layers\."), r"16 of .* encoder\.layers\.0\.self_attn\.q_proj"),
        (without(r"weight_g"), r"1 of its tensors are missing: encoder_frontend\.pos_encoder"),
        (without(r"^encoder\.layer_norm"), r"missing: encoder\.layer_norm\.weight"),
        (without(r"layers\.3\.conv\.bias"), r"missing: .*layers\.3\.conv\.bias"),
        (without(r"model_dim_proj"), r"missing: encoder_frontend\.model_dim_proj\.weight"),
        (
            with_more("encoder.layers.0.conv.depthwise_conv.weight", torch.ones(2)),
            r"1 tensors have no place in a wav2vec 2\.0 .*: encoder\.layers\.0\.conv\.depthwise",
        ),
        (
            with_more("encoder.layers.0.self_attn.q_proj.lora_A", torch.ones(2, 2)),
            r"no place .*q_proj\.lora_A; take the model before adapters",
        ),
        (
            with_more("encoder.layers.1.ffn.inner_proj.weight", torch.ones(8, SIZE)),
            r"1\.ffn\.inner_proj\.weight: expected a tensor of shape \(64, 32\), .* \(8, 32\)",
        ),
        (
            with_more("encoder_frontend.feature_extractor.layers.0.conv.weight", torch.ones(1)),
            r"expected a convolution of width 10, 3, 2, .* found a tensor of shape \(1,\)",
        ),
        (
            with_more("encoder.layers.0.ffn.inner_proj.weight", torch.ones(64, 32).char()),
            r"inner_proj\.weight: expected weights of 16 or 32 bits, found torch\.int8",
        ),
        (with_more("step", 3), r"expected weights by their names"),
    ],
)
def test_a_part_of_one_says_what_is_missing(
    tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], says: str
) -> None:
    file = save(tmp_path / "omni.pt", change(drawn()))
    with pytest.raises(UserError, match=says) as caught:
        preflight(str(file), tmp_path / "out", ASKED)
    assert "\n" not in str(caught.value)


def test_heads_that_nothing_says_are_asked_for(tmp_path: Path) -> None:
    file = save(tmp_path / "omni.pt", drawn())
    with pytest.raises(UserError, match=r"layers of 32 numbers: .* 1280 \(16\), 2048 \(16\)"):
        preflight(str(file), tmp_path / "out")


def test_the_architecture_alone(tmp_path: Path) -> None:
    file = save(tmp_path / "omni.pt", drawn())
    settings = ASKED | {"mask_time_prob": 0.3}
    checked = preflight(str(file), tmp_path / "out", settings, random_seed=1)
    assert checked.changed["mask_time_prob"] == (None, 0.3)
    own = load_weights(tmp_path / "out")
    name = "encoder.layers.0.attention.q_proj.weight"
    assert not torch.equal(own[name], drawn()["encoder.layers.0.self_attn.q_proj.weight"])
