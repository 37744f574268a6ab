from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from s3prl.nn import S3PRLUpstream

from parp_espnet.espnet.layerdrop import drop_layers


@pytest.mark.parametrize("family", ["hubert", "wav2vec2"])
@pytest.mark.parametrize("stable", [False, True])
def test_a_layer_is_left_out_as_often_as_asked_for(
    make_upstream: Callable[..., Path], tmp_path: Path, family: str, stable: bool
) -> None:
    off = dict.fromkeys(
        ("hidden_dropout", "attention_dropout", "activation_dropout", "mask_time_prob"), 0.0
    )
    path = make_upstream(
        tmp_path, family, layerdrop=0.3, do_stable_layer_norm=stable, feat_proj_dropout=0.0, **off
    )
    upstream = S3PRLUpstream(f"hf_{family}_custom", str(path))
    names = list(upstream.state_dict())
    drop_layers(SimpleNamespace(frontend=SimpleNamespace(upstream=upstream)))
    assert list(upstream.state_dict()) == names
    wave, length = torch.randn(1, 4000), torch.tensor([4000])
    with torch.no_grad():
        whole = upstream.eval()(wave, length)[0]
        assert all(not torch.equal(one, other) for one, other in pairwise(whole))
        upstream.train()
        states = [upstream(wave, length)[0] for _ in range(200)]
    assert {len(one) for one in states} == {3}
    # The first layer's, as the last one's are followed by a norm.
    left_out = sum(torch.equal(one[0], one[1]) for one in states)
    assert 40 <= left_out <= 80
    kept = [one for one in states if not torch.equal(one[0], one[1])]
    assert all(torch.allclose(one[1], whole[1], atol=1e-5) for one in kept)


def test_a_training_with_it(
    recipe_on: Callable[..., Any], make_upstream: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = recipe_on(make_upstream(tmp_path / "upstream", layerdrop=0.5))
    directory = recipe.train(tmp_path / "exp", max_epoch=1)
    assert (directory / "mask.safetensors").exists()
