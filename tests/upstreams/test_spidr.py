"""Checkpoints whose q, k and v are rows of one tensor: SpidR's and DinoSR's become a data2vec,
data2vec 2.0 is refused.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from s3prl.nn import S3PRLUpstream
from transformers import Data2VecAudioModel

from parp_espnet.errors import UserError
from parp_espnet.pruning.pool import find_pool
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.weights import load_weights
from tests.upstreams.omni import save
from tests.upstreams.own_spidr import ASKED, LAYERS, SIZE, drawn, heard

WAVE = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("wrapper", ["", "module."])
def test_it_becomes_a_data2vec_that_hears_the_same(
    tmp_path: Path, biased: bool, wrapper: str
) -> None:
    weights = drawn(biased)
    file = save(tmp_path / "spidr.pt", {f"{wrapper}{name}": weights[name] for name in weights})
    checked = preflight(str(file), tmp_path / "out", ASKED)
    assert checked.frontend["upstream"] == "data2vec_local"
    converted = Data2VecAudioModel.from_pretrained(tmp_path / "out").eval()
    normal = (WAVE - WAVE.mean()) / torch.sqrt(WAVE.var(unbiased=False) + 1e-7)
    upstream = S3PRLUpstream(checked.frontend["upstream"], checked.frontend["path_or_url"]).eval()
    with torch.no_grad():
        expected = heard(weights, WAVE)
        assert torch.allclose(converted(WAVE)[0], expected, atol=1e-5)
        # In s3prl, which is what trains; it takes frames off the end to fit its own count.
        ours = upstream(WAVE, torch.tensor([WAVE.shape[1]]))[0][-1]
        own = heard(weights, normal)
        assert torch.allclose(ours[:, : own.shape[1]], own, atol=1e-4)


def test_rows_of_one_tensor_are_three_of_the_pool_and_the_teacher_is_none(tmp_path: Path) -> None:
    weights = drawn(biased=True)
    preflight(str(save(tmp_path / "spidr.pt", weights)), tmp_path / "out", ASKED)
    pool = find_pool(load_weights(tmp_path / "out"))
    assert len(pool) == LAYERS * 12
    for number in range(LAYERS):
        for part in ("weight", "bias"):
            fused = weights[f"student.layers.{number}.attention.qkv.{part}"]
            for place, letter in enumerate("qkv"):
                own = pool[f"encoder.layers.{number}.attention.{letter}_proj.{part}"]
                assert torch.equal(own, fused[place * SIZE : (place + 1) * SIZE])


def test_a_config_beside_it_says_the_heads(tmp_path: Path) -> None:
    file = save(tmp_path / "spidr.pt", drawn())
    with pytest.raises(UserError, match=r"layers of 32 numbers: nothing says how many heads"):
        preflight(str(file), tmp_path / "out")
    (tmp_path / "config.json").write_text(json.dumps({"model": {"encoder_num_heads": 4}}))
    preflight(str(file), tmp_path / "out")
    assert json.loads((tmp_path / "out/config.json").read_text())["num_attention_heads"] == 4
    (tmp_path / "config.json").write_text(json.dumps({"encoder_layer_norm_first": True}))
    with pytest.raises(UserError, match=r"layers that begin with their norms"):
        preflight(str(file), tmp_path / "out", ASKED)


def test_the_architecture_alone(tmp_path: Path) -> None:
    weights = drawn(biased=True)
    preflight(str(save(tmp_path / "spidr.pt", weights)), tmp_path / "out", ASKED, random_seed=1)
    own = load_weights(tmp_path / "out")["encoder.layers.0.attention.out_proj.weight"]
    assert not torch.equal(own, weights["student.layers.0.attention.proj.weight"])


def without(pattern: str) -> Change:
    def leave(weights: dict[str, Any]) -> dict[str, Any]:
        return {name: weights[name] for name in weights if not re.search(pattern, name)}

    return leave


def with_more(name: str, tensor: Any) -> Change:
    return lambda weights: weights | {name: tensor}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            without(r"student\.layers\.1\.attention\.qkv"),
            r"1 of .*: student\.layers\.1\.att.*qkv\.w",
        ),
        (
            without(r"student\.layers\.0\."),
            r"layers\.0\.feed_forward\.intermediate_dense\.weight: ",
        ),
        (without(r"student\.layer_norm"), r"2 of its tensors .*: student\.layer_norm\.weight"),
        (
            without(r"student\.pos_conv_embed"),
            r"student\.pos_conv_embed\.convs\.0\.weight: .* none",
        ),
        (without(r"layers\.3\.layer_norm"), r"missing: feature_extractor\.conv_layers\.3\.layer_n"),
        (
            with_more("student.layers.1.attention.qkv.bias", torch.ones(3 * SIZE)),
            r"1 of its tensors are missing: student\.layers\.0\.attention\.qkv\.bias",
        ),
        (
            with_more("student.layers.1.attention.qkv.weight", torch.ones(SIZE, SIZE)),
            r"1\.attention\.qkv\.weight: expected a tensor of shape \(96, 32\), .* \(32, 32\)",
        ),
        (
            with_more("student.layers.0.attention.qkv.lora_A", torch.ones(2, 2)),
            r"1 tensors have no place in a SpidR or DinoSR: student\.layers\.0\.att.*qkv\.lora_A",
        ),
        (
            with_more("feature_extractor.conv_layers.0.conv.weight", torch.ones(1)),
            r"conv_layers\.0\.conv\.weight: expected a tensor of 3 dimensions, .* \(1,\)",
        ),
        (
            with_more("student.layers.0.attention.qkv.weight", torch.ones(96, 32).char()),
            r"qkv\.weight: expected weights of 16 or 32 bits, found torch\.int8",
        ),
        (with_more("step", 3), r"expected weights by their names"),
    ],
)
def test_a_part_of_one_says_what_is_missing(tmp_path: Path, change: Change, says: str) -> None:
    file = save(tmp_path / "spidr.pt", change(drawn()))
    with pytest.raises(UserError, match=says) as caught:
        preflight(str(file), tmp_path / "out", ASKED)
    assert "\n" not in str(caught.value)


def test_a_data2vec_2_is_refused(tmp_path: Path) -> None:
    """Names and shapes as fairseq's examples/data2vec have them, in two layers of 8 numbers."""
    weights: dict[str, Any] = {"modality_encoders.AUDIO.alibi_scale": torch.ones(1, 1, 2, 1, 1)}
    for number in range(2):
        for kind, shape in (("attn.qkv", (24, 8)), ("attn.proj", (8, 8)), ("mlp.fc1", (32, 8))):
            weights[f"blocks.{number}.{kind}.weight"] = torch.ones(shape)
    for name, content in (("plain", weights), ("with_ema", weights | {"_ema": dict(weights)})):
        file = save(tmp_path / f"{name}.pt", content)
        with pytest.raises(
            UserError, match=r"a data2vec 2\.0: .*ALiBi.*; take a data2vec"
        ) as caught:
            preflight(str(file), tmp_path / "out")
        assert "\n" not in str(caught.value)
