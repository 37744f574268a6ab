"""Which parameters are in the pool."""

from pathlib import Path

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pruning.pool import find_pool, fingerprint, shapes_of

PER_LAYER = 12  # weights and biases of q, k, v, out and two feed-forward layers


@pytest.mark.parametrize("family", ["hubert", "wav2vec2"])
def test_the_pool_is_the_papers(make_upstream, tmp_path: Path, family: str):
    from transformers import AutoModel  # noqa: PLC0415

    model = AutoModel.from_pretrained(make_upstream(tmp_path, family=family))
    pool = find_pool(dict(model.named_parameters()))
    assert len(pool) == 2 * PER_LAYER
    assert list(pool) == sorted(pool)
    assert pool["encoder.layers.1.attention.q_proj.bias"] is model.encoder.layers[1].attention.q_proj.bias
    assert not any("norm" in name or "conv" in name or "projection" in name for name in pool)
    d, f = 32, 64
    assert sum(tensor.numel() for tensor in pool.values()) == 2 * (4 * d * (d + 1) + f * (d + 1) + d * (f + 1))


def test_the_canonical_name_has_no_prefix():
    weight = torch.zeros(2, 2)
    name = "encoder.layers.0.attention.q_proj.weight"
    for prefix in ("", "hubert.", "frontend.upstream.upstream.model."):
        assert list(find_pool({prefix + name: weight, "ctc.ctc_lo.weight": weight})) == [name]


def test_what_else_there_is_stays_out():
    names = [
        "feature_extractor.conv_layers.0.conv.weight",
        "feature_projection.projection.weight",
        "encoder.pos_conv_embed.conv.parametrizations.weight.original1",
        "encoder.layers.0.layer_norm.weight",
        "encoder.layers.0.attention.q_proj.weight",
        "lm_head.weight",
    ]
    assert list(find_pool(dict.fromkeys(names, torch.zeros(1)))) == ["encoder.layers.0.attention.q_proj.weight"]


def test_nothing_found_lists_what_there_is():
    tensors = {f"encoder.{layer}.linear.weight": torch.zeros(1) for layer in range(3)}
    with pytest.raises(UserError, match=r"nothing to prune.*found encoder\.N\.linear\.weight"):
        find_pool(tensors)
    with pytest.raises(UserError, match="no parameters at all"):
        find_pool({})


def test_two_upstreams_are_refused():
    name = "encoder.layers.0.attention.q_proj.weight"
    with pytest.raises(UserError, match="expected one upstream"):
        find_pool({f"one.{name}": torch.zeros(1), f"two.{name}": torch.zeros(1)})


def test_the_fingerprint_is_of_structure_only():
    a = {"x": torch.zeros(2, 3), "y": torch.zeros(4)}
    b = {"y": torch.ones(4), "x": torch.ones(2, 3)}
    assert fingerprint(shapes_of(a)) == fingerprint(shapes_of(b))
    assert fingerprint(shapes_of(a)) != fingerprint({"x": (3, 2), "y": (4,)})
