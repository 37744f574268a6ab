"""Which parameters are in the pool."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from s3prl.upstream.wav2vec2.wav2vec2_model import TransformerSentenceEncoderLayer

from parp_espnet.errors import UserError
from parp_espnet.pruning.bits import fingerprint
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.upstreams.wavlm import to_native

PER_LAYER = 12  # weights and biases of q, k, v, out and two feed-forward layers


@pytest.mark.parametrize("family", ["hubert", "wav2vec2"])
def test_the_pool_is_the_papers(make_upstream, tmp_path: Path, family: str):
    from transformers import AutoModel  # noqa: PLC0415

    model = AutoModel.from_pretrained(make_upstream(tmp_path, family=family))
    pool = find_pool(dict(model.named_parameters()))
    assert len(pool) == 2 * PER_LAYER
    assert list(pool) == sorted(pool)
    assert (
        pool["encoder.layers.1.attention.q_proj.bias"]
        is model.encoder.layers[1].attention.q_proj.bias
    )
    assert not any("norm" in name or "conv" in name or "projection" in name for name in pool)
    d, f = 32, 64
    assert sum(tensor.numel() for tensor in pool.values()) == 2 * (
        4 * d * (d + 1) + f * (d + 1) + d * (f + 1)
    )


LAYER = sorted(
    f"encoder.layers.0.{module}.{part}"
    for module in (
        *(f"attention.{name}_proj" for name in ("q", "k", "v", "out")),
        *(f"feed_forward.{name}_dense" for name in ("intermediate", "output")),
    )
    for part in ("weight", "bias")
)
"""A layer's tensors that may be pruned."""


def test_the_canonical_name_has_no_prefix():
    weight = torch.zeros(2, 2)
    for prefix in ("", "hubert.", "frontend.upstream.upstream.model."):
        names = [*(prefix + name for name in LAYER), "ctc.ctc_lo.weight"]
        assert list(find_pool(dict.fromkeys(names, weight))) == LAYER


SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
CONVOLUTIONS = {
    "conv_dim": (16,) * 5, "conv_kernel": (20, 8, 4, 4, 4), "conv_stride": (10, 4, 2, 2, 2),
    "num_feat_extract_layers": 5, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
}  # fmt: skip


def parameters_of(kind: str, **settings: Any) -> dict[str, torch.Tensor]:
    """The parameters of a small Hugging Face model of a kind."""
    config = getattr(transformers, f"{kind}Config")(**settings)
    return dict(getattr(transformers, f"{kind}Model")(config).named_parameters())


@pytest.mark.parametrize("stable", [False, True])
@pytest.mark.parametrize("kind", ["Wav2Vec2", "Hubert", "WavLM", "UniSpeechSat", "Data2VecAudio"])
def test_speech_models_of_one_size_share_masks(kind: str, stable: bool):
    settings = SMALL | CONVOLUTIONS
    if kind == "Data2VecAudio":
        settings = {
            name: value for name, value in settings.items() if name != "num_conv_pos_embeddings"
        }
    else:
        settings |= {"do_stable_layer_norm": stable}
    hubert = parameters_of("Hubert", **SMALL, **CONVOLUTIONS)
    assert shapes_of(find_pool(parameters_of(kind, **settings))) == shapes_of(find_pool(hubert))


def test_a_native_model_has_the_pool_of_the_one_it_was_made_of():
    settings = SMALL | CONVOLUTIONS | {"do_stable_layer_norm": True, "feat_extract_norm": "layer"}
    torch.manual_seed(0)
    config = transformers.WavLMConfig(**settings)
    model = transformers.WavLMModel(config)
    native = to_native(model.config.to_dict(), model.state_dict())
    theirs, ours = find_pool(native["model"]), find_pool(model.state_dict())
    assert list(theirs) == list(ours)
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)


def test_s3prls_wav2vec2_and_hubert_have_the_same_pool():
    # Both are built of this layer.
    layer = TransformerSentenceEncoderLayer(
        embedding_dim=32, ffn_embedding_dim=64, num_attention_heads=4
    )
    native = {
        f"upstream.model.encoder.layers.{number}.{name}": parameter
        for number in (0, 1)
        for name, parameter in layer.named_parameters()
    }
    assert shapes_of(find_pool(native)) == shapes_of(
        find_pool(parameters_of("Hubert", **SMALL, **CONVOLUTIONS))
    )


def test_text_models_have_bert_tickets_pool():
    bert = find_pool(parameters_of("Bert", **SMALL, vocab_size=50))
    assert len(bert) == 2 * 6 + 1
    assert "pooler.dense.weight" in bert
    xlnet = find_pool(
        parameters_of("XLNet", d_model=32, n_layer=2, n_head=4, d_inner=64, vocab_size=50)
    )
    assert len(xlnet) == 2 * 6
    assert not any(
        "bias" in name or "norm" in name or "embedding" in name for name in [*bert, *xlnet]
    )


def test_what_else_there_is_stays_out():
    names = [
        "feature_extractor.conv_layers.0.conv.weight",
        "feature_projection.projection.weight",
        "encoder.pos_conv_embed.conv.parametrizations.weight.original1",
        "encoder.layers.0.layer_norm.weight",
        *LAYER,
        "lm_head.weight",
    ]
    assert list(find_pool(dict.fromkeys(names, torch.zeros(1, 1)))) == LAYER


def test_nothing_found_lists_what_there_is():
    tensors = {f"encoder.{layer}.linear.weight": torch.zeros(1) for layer in range(3)}
    with pytest.raises(UserError, match=r"nothing to prune.*found encoder\.N\.linear\.weight"):
        find_pool(tensors)
    with pytest.raises(UserError, match="no parameters at all"):
        find_pool({})


def test_biases_may_stay_out():
    tensors = dict.fromkeys(LAYER, torch.zeros(1, 1))
    assert list(find_pool(tensors)) == LAYER
    assert list(find_pool(tensors, biases=False)) == [
        name for name in LAYER if name.endswith("weight")
    ]


@pytest.mark.parametrize(
    "pattern", [r"encoder\.layers\.\d\.fc\.(weight|bias)", r".+\.fc\.(weight|bias)"]
)
def test_a_pool_of_ones_own(pattern: str):
    names = [f"encoder.layers.0.{name}" for name in ("fc.weight", "fc.bias", "norm.weight")]
    tensors = dict.fromkeys(names, torch.zeros(1))
    assert list(find_pool(tensors, pattern)) == [
        "encoder.layers.0.fc.bias",
        "encoder.layers.0.fc.weight",
    ]
    assert list(find_pool(tensors, pattern, biases=False)) == ["encoder.layers.0.fc.weight"]


def test_a_pool_of_ones_own_has_the_same_names_inside_another_model():
    names = ["frontend.upstream.upstream.model.encoder.layers.0.fc.weight", "ctc.ctc_lo.weight"]
    found = find_pool(dict.fromkeys(names, torch.zeros(1)), r"encoder\.layers\.\d\.fc\.weight")
    assert list(found) == ["encoder.layers.0.fc.weight"]


def test_two_upstreams_are_refused():
    name = "encoder.layers.0.attention.q_proj.weight"
    with pytest.raises(UserError, match="expected one upstream"):
        find_pool({f"one.{name}": torch.zeros(1), f"two.{name}": torch.zeros(1)})


def test_the_fingerprint_is_of_structure_only():
    a = {"x": torch.zeros(2, 3), "y": torch.zeros(4)}
    b = {"y": torch.ones(4), "x": torch.ones(2, 3)}
    assert fingerprint(shapes_of(a)) == fingerprint(shapes_of(b))
    assert fingerprint(shapes_of(a)) != fingerprint({"x": (3, 2), "y": (4,)})
