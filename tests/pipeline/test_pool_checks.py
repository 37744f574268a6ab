"""What a pool cannot be is refused when the model is known, with its sparsity at the end."""

from pathlib import Path

import pytest
import torch
from transformers import Wav2Vec2BertConfig, Wav2Vec2BertModel

from parp_espnet.errors import UserError
from parp_espnet.pipeline.pool_checks import check

RATES = {
    "whole": '"*.attention.*": 0.5\n"*": 0.6\n',
    "unnamed": '"*.attention.*": 0.5\n',
    "steep": '"*.layers.0.attention.q_proj.weight": 0.95\n"*": 0.2\n',
    "zero": '"*": 0\n',
    "misspelt": '"encoder.layer.0.*": 0.2\n"*": 0.5\n',
    "late": '"*": 0.5\n"*.feed_forward.*": 0.8\n',
    "twice": '"*.feed_forward.*": 0.8\n"*feed_*": 0.8\n"*": 0.5\n',
    "in order": '"encoder.layers.0.*": 0.2\n"*.feed_forward.*": 0.7\n"*": 0.5\n',
}


@pytest.mark.parametrize(
    ("rates", "sparsity", "largest", "message"),
    [
        ("whole", 0.5, 0.5, None),
        ("whole", 0.5, 0.65, None),
        ("unnamed", 0.5, 0.5, "the rates have none for .*feed_forward.* 0.5'"),
        ("steep", 0.2, 0.2, None),
        ("steep", 0.5, 0.5, "of 0.5 nothing would be left of .*, or a sparsity below"),
        ("steep", 0.2, 0.44, "of 0.2 the method prunes 0.44 .* nothing would be left"),
        ("zero", 0.5, 0.5, "all rates are 0"),
        ("misspelt", 0.5, 0.5, r"rates for encoder\.layer\.0\.\*: .* that fits among \d+; correct"),
        ("late", 0.5, 0.5, r"rates for \*\.feed_.*: expected it before the line for \*, since"),
        ("twice", 0.5, 0.5, r"rates for \*feed_.*: expected it before the line for \*\.feed_"),
        ("in order", 0.5, 0.5, None),
    ],
)
def test_rates(
    upstream: Path, tmp_path: Path, rates: str, sparsity: float, largest: float, message: str | None
) -> None:
    file = tmp_path / "rates.yaml"
    file.write_text(RATES[rates])
    words = (upstream, str(file), sparsity, largest, None, True)
    if message is None:
        assert "can have a sparsity" in check(*words)
        return
    with pytest.raises(UserError, match=message) as caught:
        check(*words)
    assert "\n" not in str(caught.value)


def test_groups(upstream: Path) -> None:
    assert "can have" in check(upstream, "2:4", 0.5, 0.5, None, biases=False)
    with pytest.raises(UserError, match="a multiple of 7, found shape"):
        check(upstream, "1:7", 6 / 7, 6 / 7, None, biases=False)


def test_who_has_another_pool_in_the_file_is_looked_at_in_training(upstream: Path) -> None:
    assert "where training begins" in check(upstream, "2:4", 0.5, 0.5, "nothing", biases=True)


@pytest.mark.parametrize("word", ["units", "ffn", "heads", "units-free", "units+conv"])
def test_whole_units(upstream: Path, word: str) -> None:
    assert "can have" in check(upstream, word, 0.5, 0.5, None, biases=True)
    with pytest.raises(UserError, match="expected one at least that is left"):
        check(upstream, word, 0.999, 0.999, None, biases=True)


def test_a_family_without_such_units(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    config = Wav2Vec2BertConfig(**sizes, num_attention_heads=2)
    Wav2Vec2BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(
        UserError, match=r"what reads feed-forward units in the pool, .* found none"
    ):
        check(tmp_path, "units", 0.5, 0.5, None, biases=True)
