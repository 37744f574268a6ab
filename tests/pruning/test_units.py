"""Whole units against a plain sort of their sums, in models of every family."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, distributed, multiprocessing, nn
from transformers import (
    AutoModel,
    BertConfig,
    Data2VecAudioConfig,
    HubertConfig,
    Wav2Vec2Config,
    WavLMConfig,
    XLNetConfig,
)

from parp_espnet.errors import UserError
from parp_espnet.pruning.combine import random_mask
from parp_espnet.pruning.first import first_mask
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.methods import METHODS, Change, rounds
from parp_espnet.pruning.patterns import PATTERNS
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import prune_, select
from parp_espnet.pruning.training import PrunedTraining
from parp_espnet.pruning.units import described, follows, heads_of

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
SPEECH = SIZES | {"intermediate_size": 12, "conv_dim": (12, 12), "conv_kernel": (4, 2)}
SPEECH |= {"conv_stride": (2, 2), "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 4}
SPEECH |= {"num_conv_pos_embedding_groups": 2, "layerdrop": 0.0}
CONFIGS = {
    "hubert": HubertConfig(**SPEECH),
    "wav2vec2": Wav2Vec2Config(**SPEECH),
    "wavlm": WavLMConfig(**SPEECH),
    "data2vec": Data2VecAudioConfig(**SPEECH),
    "bert": BertConfig(vocab_size=20, intermediate_size=12, **SIZES),
    "xlnet": XLNetConfig(vocab_size=20, d_model=16, n_layer=2, n_head=4, d_inner=12),
}


ONE_BY_ONE = {name for name, row in METHODS.items() if row.change is Change.GRADIENTS}
WHOLE = [name for name in METHODS if name not in ONE_BY_ONE]


def model_of(family: str) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = AutoModel.from_config(CONFIGS[family])
    return model


def layers_of(kept: dict[str, Tensor], ending: str) -> list[Tensor]:
    """In which columns the tensors of a kind keep anything."""
    found = []
    for name, mask in kept.items():
        if name.endswith(ending):
            found.append(mask.flatten(1).any(0))
    return found


@pytest.mark.parametrize("family", CONFIGS)
def test_the_same_number_of_units_and_heads_in_every_layer_of_every_family(family: str) -> None:
    model = model_of(family)
    parameters = dict(model.named_parameters())
    pool = find_pool(parameters, biases=family not in ("bert", "xlnet"))
    ranking = Ranking(pattern="units", heads=heads_of(model, parameters))
    assert ranking.heads == 4
    kept = select(pool, 0.25, ranking)
    form = ranking.form
    assert form is not None
    assert form.follows(kept)
    touched = [name for name, mask in kept.items() if not mask.all()]
    assert len(touched) == 4
    assert sum(int((~kept[name]).sum()) for name in touched) == 2 * (3 * 16 + 4 * 16)
    assert kept_in(kept) == ranking.kept_count(shapes_of(pool), 0.25)
    for name in touched:
        columns = pool[name].detach().abs().flatten(1).sum(0)
        count = 4 if columns.numel() == 16 else 12
        sums = columns.view(count, -1).sum(1)
        pruned = ~kept[name].flatten(1).any(0).view(count, -1).any(1)
        assert set(pruned.nonzero()[:, 0].tolist()) == set(sums.argsort()[: count // 4].tolist())
    again = {name: tensor.detach().clone() for name, tensor in pool.items()}
    found = prune_(again, 0.25, ranking)
    assert all(torch.equal(found[name], mask) for name, mask in kept.items())
    assert all(torch.equal(again[name], pool[name] * kept[name]) for name in pool)


def speech_pool(values: list[int], units: int) -> dict[str, Tensor]:
    """Two layers' outputs, of whole numbers."""
    pool = {}
    numbers = torch.tensor(values).view(2, 4, units + 8).float()
    for layer in range(2):
        name = f"encoder.layers.{layer}"
        pool[f"{name}.attention.out_proj.weight"] = numbers[layer, :, :8].contiguous()
        pool[f"{name}.feed_forward.output_dense.weight"] = numbers[layer, :, 8:].contiguous()
    return pool


@given(st.data(), st.integers(2, 9), st.sampled_from([0.1, 0.25, 0.4, 0.5]))
def test_exactly_so_many_are_pruned_and_ties_go_by_position(
    data: st.DataObject, units: int, sparsity: float
) -> None:
    size = 2 * 4 * (units + 8)
    values = data.draw(st.lists(st.integers(-2, 2), min_size=size, max_size=size))
    pool = speech_pool(values, units)
    ranking = Ranking(pattern="units", heads=4)
    kept = select(pool, sparsity, ranking)
    for name, tensor in pool.items():
        count = 4 if "out_proj" in name else units
        sums = tensor.abs().sum(0).view(count, -1).sum(1)
        expected = torch.ones(count, dtype=torch.bool)
        expected[sums.sort(stable=True).indices[: round(sparsity * count)]] = False
        assert torch.equal(kept[name].all(0).view(count, -1).all(1), expected)
        assert torch.equal(kept[name].any(0).view(count, -1).any(1), expected)


def test_free_units_are_ranked_over_all_layers_of_which_none_loses_its_last() -> None:
    pool = speech_pool([1] * 72 + [3] * 72, units=10)
    ranking = Ranking(pattern="units-free", heads=4)
    kept = select(pool, 0.4, ranking)
    assert [int(one.sum()) for one in layers_of(kept, "output_dense.weight")] == [2, 10]
    assert [int(one.sum()) // 2 for one in layers_of(kept, "out_proj.weight")] == [1, 4]
    assert kept_in(kept) == ranking.kept_count(shapes_of(pool), 0.4)
    kept = select(pool, 0.6, ranking)
    assert [int(one.sum()) for one in layers_of(kept, "output_dense.weight")] == [1, 7]
    form = Ranking(pattern="units", heads=4).form
    assert form is not None
    assert not form.follows(kept)


def test_sums_do_not_depend_on_the_order_of_additions() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(64, 40, generator=generator) * 10 ** torch.randn(64, 1)
    name = "encoder.layers.0.feed_forward.output_dense.weight"
    kept = select({name: weights}, 0.5, Ranking(pattern="ffn"))[name]
    shuffled = weights[torch.randperm(64, generator=generator)]
    assert torch.equal(select({name: shuffled}, 0.5, Ranking(pattern="ffn"))[name], kept)


@pytest.mark.parametrize(
    ("pattern", "heads", "sparsity", "message"),
    [
        ("units", 4, 0.9, "heads: expected one at least .* found 4 of 4 pruned; take a lower"),
        ("ffn", None, 0.99, "feed-forward units: expected one at least"),
        ("heads-free", 4, 0.9, "one at least that is left in each of 2 layers, found 7 of 8"),
        ("units", None, 0.5, "a model that tells how many heads its layers have, .*--pattern ffn"),
        ("units", 3, 0.5, "expected columns of 3 heads, found 8"),
    ],
)
def test_what_cannot_be_pruned(pattern: str, heads: int, sparsity: float, message: str) -> None:
    with pytest.raises(UserError, match=message):
        select(speech_pool([1] * 144, 10), sparsity, Ranking(pattern=pattern, heads=heads))


def test_a_pool_of_ones_own_may_have_no_units() -> None:
    with pytest.raises(UserError, match="pattern ffn: expected what reads feed-forward units"):
        select({"up.weight": torch.ones(4, 4)}, 0.5, Ranking(pattern="ffn"))


def test_a_mask_of_weights_is_none_of_units(tmp_path: Path) -> None:
    pool, ranking = speech_pool(list(range(144)), 10), Ranking(pattern="units", heads=4)
    plain, whole = tmp_path / "plain.safetensors", tmp_path / "whole.safetensors"
    Mask(select(pool, 0.5), origin="", sparsity_target=0.5).save(plain)
    with pytest.raises(UserError, match="a mask that keeps whole feed-forward units and heads, as"):
        first_mask(pool, 0.5, ranking, plain)
    Mask(select(pool, 0.5, ranking), "", 0.5, ranking=ranking).save(whole)
    assert Mask.load(whole).ranking == ranking
    assert first_mask(pool, 0.5, ranking, whole).ranking == ranking
    with pytest.raises(UserError, match=r"whole units: --pattern units --sparsity 0\.5"):
        first_mask(pool, 0.3, Ranking(), whole)
    with pytest.raises(UserError, match=r"expected a mask of sparsity 0\.25, found 0\.5"):
        first_mask(pool, 0.25, ranking, whole)


def conf_of(method: str, pattern: str, folder: Path) -> dict[str, Any]:
    conf: dict[str, Any] = {"method": method, "sparsity": 0.5, "interval": 2, "pattern": pattern}
    if not METHODS[method].prunes:
        return {"method": method}
    if METHODS[method].grows or method in ONE_BY_ONE:
        conf |= {"updates": 8}
    if not METHODS[method].first_mask.in_training:
        model = model_of("hubert")
        parameters = dict(model.named_parameters())
        ranking = Ranking(pattern=pattern, heads=heads_of(model, parameters))
        conf["initial_mask"] = folder / "mask.safetensors"
        shapes = shapes_of(find_pool(parameters, channels=ranking.prunes_channels))
        random_mask(shapes, 0.5, 1, ranking).save(conf["initial_mask"])
    return conf


def trained(conf: dict[str, Any], until: int = 8, state: dict[str, Any] | None = None) -> Any:
    """A training of drawn gradients; `state` is that of one that was interrupted."""
    model = model_of("hubert")
    optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
    pruning = PrunedTraining(model, optimizer, conf)
    if state is None:
        pruning.start()
    else:
        model.load_state_dict(state["model"])
        pruning.load_state_dict(state["pruning"])
    while pruning.pruner.update < until:
        generator = torch.Generator().manual_seed(pruning.pruner.update)
        for parameter in model.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()
    pruning.prune()
    return pruning, {"model": model.state_dict(), "pruning": pruning.state_dict()}


@pytest.mark.parametrize(
    ("method", "pattern"),
    [
        *((method, "units") for method in WHOLE),
        *((method, "units+conv") for method in WHOLE),
        *((method, "units+0.5conv") for method in WHOLE),
        *(("parp", one) for one in PATTERNS),
    ],
)
def test_every_method_prunes_whole_units(method: str, pattern: str, tmp_path: Path) -> None:
    conf = conf_of(method, pattern, tmp_path)
    pruning, _ = trained(conf)
    first, last = pruning.first_mask, pruning.mask()
    if not METHODS[method].prunes:
        assert last.sparsity == 0
        return
    form = last.ranking.form
    assert form.follows(first.kept)
    assert form.follows(last.kept)
    assert kept_in(last.kept) == last.ranking.kept_count(last.shapes, 0.5)
    told = described(form, last.kept)
    if "0.5conv" in pattern:
        assert re.match(r"[1-9]\d* of \d+ channels", told.pop())
    assert all(one.startswith(("12 of 24", "4 of 8")) for one in told)
    assert last.sparsity_target == 0.5
    assert 0 < last.sparsity < 0.25
    # A unit may return where the mask adjusts.
    assert (last.sha256 != first.sha256) == METHODS[method].adjusts, method
    for name, tensor in pruning.pruner.pool.items():
        assert not tensor[~last.kept[name]].any()


def test_a_smaller_model_has_the_first_units() -> None:
    pruning, _ = trained({"method": "small", "sparsity": 0.5, "pattern": "units+conv"})
    mask = pruning.mask()
    assert mask.made.source == "trained"
    assert pruning.first_mask.origin == "the first units of each layer"
    columns = [mask.kept[name].flatten(2) for name in mask.kept if "conv.weight" in name]
    columns += [one[:, :, None] for one in mask.kept.values() if one.dim() == 2]
    for tensor in columns:
        kept = tensor.any(2).any(0)
        # No hole.
        assert kept[: int(kept.sum())].all()
    with pytest.raises(UserError, match="method small: expected a pattern of whole units, such as"):
        trained({"method": "small", "sparsity": 0.5})
    with pytest.raises(UserError, match="expected score magnitude, found activation"):
        trained({"method": "small", "sparsity": 0.5, "pattern": "units", "score": "activation"})


def test_what_comes_to_convolutions_is_not_measured() -> None:
    conf = {"method": "parp", "sparsity": 0.5, "pattern": "units+conv", "score": "activation"}
    with pytest.raises(UserError, match="of linear layers alone; expected another score, or a"):
        trained(conf)


@pytest.mark.parametrize("method", ONE_BY_ONE)
def test_where_weights_come_one_by_one_no_units_do(method: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected pattern none"):
        trained(conf_of(method, "units", tmp_path))


def test_scores_with_a_sign_are_added_up(tmp_path: Path) -> None:
    pruning, _ = trained(conf_of("movement", "units", tmp_path))
    kept = pruning.mask().kept
    for name, scores in pruning.pruner.mover.scores.items():
        if name.endswith("output_dense.weight"):
            lowest = scores.double().sum(0).argsort()[:6]
            assert not kept[name][:, lowest].any()


def process(rank: int, folder: Path) -> None:
    """Train as one of two ranks, each with another number of threads."""
    torch.set_num_threads(rank + 1)
    store = f"file://{folder}/store"
    distributed.init_process_group("gloo", store, rank=rank, world_size=2)
    try:
        pruning, _ = trained(conf_of("parp", "units", folder))
        pruning.mask().save(folder / f"{rank}.safetensors")
    finally:
        distributed.destroy_process_group()


def test_ranks_agree(tmp_path: Path) -> None:
    multiprocessing.spawn(process, (tmp_path,), nprocs=2)
    alone, _ = trained(conf_of("parp", "units", tmp_path))
    for rank in (0, 1):
        assert Mask.load(tmp_path / f"{rank}.safetensors").sha256 == alone.mask().sha256


@pytest.mark.parametrize("pattern", ["units", "units+conv"])
def test_an_interrupted_training_comes_to_the_same_bits(pattern: str, tmp_path: Path) -> None:
    conf = conf_of("parp-p", pattern, tmp_path)
    whole, _ = trained(conf)
    _, state = trained(conf, until=4)
    resumed, _ = trained(conf, state=state)
    assert resumed.mask().sha256 == whole.mask().sha256
    assert resumed.mask().ranking == whole.mask().ranking == Ranking(pattern=pattern, heads=4)


def test_each_round_of_imp_holds_the_one_before() -> None:
    pool = {name: one.detach() for name, one in find_pool(model_of("hubert").state_dict()).items()}
    ranking = Ranking(pattern="units", heads=4)
    before = select(pool, 0.0)
    for sparsity in rounds(0.5):
        kept = prune_(pool, sparsity, ranking)
        assert follows(ranking.form, kept)  # type: ignore[arg-type]
        assert all(not (kept[name] & ~before[name]).any() for name in kept)
        before = kept


def test_scores_other_than_magnitudes_choose_others() -> None:
    pool, ranking = speech_pool([1] * 144, 10), Ranking("activation", pattern="ffn")
    name = "encoder.layers.0.feed_forward.output_dense.weight"
    inputs = {one: torch.arange(float(tensor.shape[1])) for one, tensor in pool.items()}
    kept = select(pool, 0.5, ranking, inputs.__getitem__)[name]
    assert kept[0].tolist() == [False] * 5 + [True] * 5


def test_a_model_without_modules_does_not_tell_its_heads() -> None:
    assert heads_of(nn.Linear(2, 2), ["encoder.layers.0.attention.q_proj.weight"]) is None
    assert heads_of(nn.Linear(2, 2), ["weight"]) is None
