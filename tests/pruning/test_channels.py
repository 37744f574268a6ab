"""Channels of convolutions: what is zeroed of one, and that it may return."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModel, HubertConfig, Wav2Vec2Config

from parp_espnet.errors import UserError
from parp_espnet.pruning.channels import channel_names, kept_channels
from parp_espnet.pruning.first import first_mask
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.patterns import Units, find_pattern, is_pattern
from parp_espnet.pruning.pool import find_pool, pool_names, shapes_of
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import prune_, select
from parp_espnet.pruning.units import described, follows

SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4, "layerdrop": 0.0}
SMALL |= {"intermediate_size": 8, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
SMALL |= {"conv_dim": (6, 8, 10), "conv_kernel": (4, 3, 2), "conv_stride": (2, 2, 2)}
SMALL |= {"num_feat_extract_layers": 3, "mask_time_prob": 0.0}
STACK = "feature_extractor.conv_layers"
PROJECTION = "feature_projection.projection.weight"
MODELS = {
    "group norm": Wav2Vec2Config(**SMALL, feat_extract_norm="group"),
    "layer norms": HubertConfig(**SMALL, feat_extract_norm="layer"),
    "layer norms, biases": Wav2Vec2Config(
        **SMALL, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True
    ),
}
CONV = Ranking(pattern="conv")


def model_of(kind: str) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = AutoModel.from_config(MODELS[kind])
    return model.eval()


def pool_of(model: nn.Module) -> dict[str, Tensor]:
    parameters = {f"x.{name}": one for name, one in model.named_parameters()}
    return find_pool(parameters, channels=True)


def of_channels(pool: dict[str, Any]) -> list[str]:
    return [name for name in pool if name.startswith("feature")]


def test_the_pool_has_what_is_zeroed_of_a_channel() -> None:
    readers = [f"{STACK}.1.conv.weight", f"{STACK}.2.conv.weight", PROJECTION]
    assert of_channels(pool_of(model_of("group norm"))) == readers
    seen = [f"{STACK}.2.layer_norm.bias", f"{STACK}.2.layer_norm.weight"]
    layered = sorted([f"{STACK}.0.conv.weight", *readers, *seen])
    assert of_channels(pool_of(model_of("layer norms"))) == layered
    biases = [f"{STACK}.{number}.conv.bias" for number in range(3)]
    biased = find_pool(dict(model_of("layer norms, biases").named_parameters()), None, False, True)
    assert of_channels(biased) == sorted([*layered, *biases])


@pytest.mark.parametrize("kind", MODELS)
def test_the_same_share_of_every_convolution(kind: str) -> None:
    pool = pool_of(model_of(kind))
    kept = select(pool, 0.5, CONV)
    channels = kept_channels(kept)
    assert channels is not None
    assert [int(one.sum()) for one in channels] == [3, 4, 5]
    sums = pool[f"{STACK}.2.conv.weight"].detach().abs().sum((0, 2))
    assert set((~channels[1]).nonzero()[:, 0].tolist()) == set(sums.argsort()[:4].tolist())
    form = CONV.form
    assert isinstance(form, Units)
    assert follows(form, kept)
    assert described(form, kept) == ["12 of 24 channels of convolutions"]
    assert kept_in(kept) == CONV.kept_count(shapes_of(pool), 0.5)
    assert all(bool(kept[name].all()) for name in pool if name.startswith("encoder"))
    name = f"{STACK}.2.conv.weight"
    reader = int(channels[1].nonzero()[0])
    kept[name][0, reader, 0] = not bool(kept[name][0, reader, 0])
    assert not follows(form, kept)


@pytest.mark.parametrize("kind", MODELS)
def test_what_makes_a_pruned_channel_changes_nothing(kind: str) -> None:
    model = model_of(kind)
    channels = pruned(model)
    waves = torch.randn(2, 200, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = model(waves).last_hidden_state
        parameters = dict(model.named_parameters())
        for number, gone in enumerate(channels):
            for part in ("weight", "bias"):
                name = f"{STACK}.{number}.layer_norm.{part}"
                zeroed = number == 2 and kind != "group norm"
                if name in parameters and not zeroed:
                    parameters[name][~gone] = 3.0
        if kind == "group norm":
            for number in (0, 1):
                parameters[f"{STACK}.{number}.conv.weight"][~channels[number]] += 1.0
        parameters["feature_projection.layer_norm.weight"][~channels[2]] = 3.0
        after = model(waves).last_hidden_state
    assert torch.allclose(before, after, atol=1e-5)


def pruned(model: nn.Module) -> list[Tensor]:
    """Prune half of a model's channels; return which are kept."""
    channels = kept_channels(prune_(pool_of(model), 0.5, CONV))
    assert channels is not None
    return channels


@pytest.mark.parametrize("kind", MODELS)
def test_a_pruned_channel_has_gradients_on_both_sides(kind: str) -> None:
    model = model_of(kind)
    channels = pruned(model)
    waves = torch.randn(2, 200, generator=torch.Generator().manual_seed(0))
    model(waves).last_hidden_state.square().sum().backward()
    parameters = dict(model.named_parameters())
    readers = [f"{STACK}.1.conv.weight", f"{STACK}.2.conv.weight", PROJECTION]
    for number, (reader, kept) in enumerate(zip(readers, channels, strict=True)):
        column = parameters[reader].grad
        assert column is not None
        assert column.flatten(2).abs().sum(-1).sum(0)[~kept].min() > 0 if column.dim() > 2 else True
        if column.dim() == 2:
            assert column.abs().sum(0)[~kept].min() > 0
        row = parameters[f"{STACK}.{number}.conv.weight"].grad
        assert row is not None
        # Where a column alone is zero the filter still is what it was.
        if kind != "group norm" or number == 2:
            assert row.flatten(1).abs().sum(1)[~kept].min() > 0


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("word", "gone"),
    [("units+conv", [3, 4, 5]), ("units+0.5conv", [2, 2, 2]), ("units+0.25conv", [1, 1, 1])],
)
def test_channels_may_lose_a_smaller_share(kind: str, word: str, gone: list[int]) -> None:
    pool = pool_of(model_of(kind))
    ranking = Ranking(pattern=word, heads=4)
    kept = select(pool, 0.5, ranking)
    found = [int((~channels).sum()) for channels in kept_channels(kept) or []]
    assert found == gone
    assert described(ranking.form, kept)[:2] == ["4 of 8 feed-forward units", "2 of 4 heads"]
    assert follows(ranking.form, kept)
    assert kept_in(kept) == ranking.kept_count(shapes_of(pool), 0.5)


@pytest.mark.parametrize(
    "word",
    [
        *("units+1conv", "units+0conv", "units+0.0conv", "units+.5conv", "units+0.50conv"),
        *("units+1.5conv", "units+-0.5conv", "units+0.5 conv", "ffn+0.5conv"),
        "units-free+0.5conv",
    ],
)
def test_a_share_of_channels_is_written_in_one_way(word: str) -> None:
    assert not is_pattern(word)
    with pytest.raises(UserError, match=r"^pattern: .*units\+0\.5conv"):
        find_pattern(word)


@pytest.mark.parametrize("word", ["units+conv", "units+0.5conv"])
def test_a_file_of_a_mask(word: str, tmp_path: Path) -> None:
    pool, path = pool_of(model_of("layer norms")), tmp_path / "mask.safetensors"
    ranking = Ranking(pattern=word, heads=4)
    Mask(select(pool, 0.5, ranking), "", 0.5, ranking=ranking).save(path)
    assert Mask.load(path).ranking == ranking
    assert first_mask(pool, 0.5, ranking, path).ranking == ranking
    layers = find_pool(dict(model_of("layer norms").named_parameters()))
    with pytest.raises(UserError, match=rf"also of the convolutions.*--pattern {re.escape(word)} "):
        first_mask(layers, 0.5, Ranking(pattern="units", heads=4), path)
    Mask(select(layers, 0.5), "", 0.5).save(path)
    with pytest.raises(UserError, match="expected a mask of channels of convolutions, too, found"):
        first_mask(pool, 0.5, ranking, path)


@pytest.mark.parametrize("pattern", ["conv", "units+conv", "units+0.99conv"])
def test_a_layer_never_loses_its_last_channel(pattern: str) -> None:
    pool = pool_of(model_of("layer norms"))
    with pytest.raises(UserError, match=r"expected one at least .* found \d of \d pruned"):
        select(pool, 0.95, Ranking(pattern=pattern, heads=4))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["encoder.layers.0.fc1.weight"], f"no {STACK}.0.conv.weight"),
        ([f"{STACK}.0.0.weight", f"{STACK}.1.0.weight"], f"no {STACK}.0.conv.weight"),
        ([f"{STACK}.0.conv.weight", PROJECTION], f"no {STACK}.1.conv.weight"),
        ([f"{STACK}.0.conv.weight", f"{STACK}.1.conv.weight"], "no feature_projection.layer_norm"),
        ([f"{STACK}.1.conv.weight", f"{STACK}.2.conv.weight"], f"no {STACK}.0.conv.weight"),
    ],
)
def test_a_model_without_such_convolutions(names: list[str], found: str) -> None:
    with pytest.raises(UserError, match=rf"found {found}.*--pattern units\)"):
        channel_names(names)


def test_two_upstreams() -> None:
    names = [f"{one}.{STACK}.0.conv.weight" for one in ("a", "b")]
    with pytest.raises(UserError, match="expected one upstream in the model, found two: a"):
        channel_names(names)


def test_a_pool_of_ones_own_may_have_channels_beside() -> None:
    names = [name for name, _ in model_of("group norm").named_parameters()]
    own = pool_names(names, r"encoder\.layers\.0\.feed_forward\..*\.weight", True, True)
    assert len(own) == 2 + 3
