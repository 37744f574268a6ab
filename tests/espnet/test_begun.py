"""Trainings that go on from a model that knows the tones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.espnet.states import load_model_state
from parp_espnet.export.start import as_upstream
from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool
from parp_espnet.upstreams.preflight import preflight

MODEL = "valid.loss.ave.pth"
TOKENS = 7
"""<blank>, <unk>, four tones, <sos/eos>."""


@pytest.fixture(scope="module")
def start(learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The upstream that the model is, as stage 5 leaves it."""
    out = tmp_path_factory.mktemp("start")
    preflight(as_upstream(str(learned), out), out)
    return out


def train(recipe: Any, start: Path, exp: Path, **changes: Any) -> Path:
    conf = {"frontend_conf": read_json(start / "frontend.json"), "multilayer_feature": False}
    usual = {
        "method": "transfer",
        "sparsity": 0.5,
        "initial_mask": str(start / "taken/mask.safetensors"),
    }
    head = {"head": str(start / "head.safetensors"), "rows": list(range(TOKENS))}
    options = {"frontend_conf": conf, "prune_conf": usual, "head_conf": head} | changes
    return recipe.train(exp, **options)


def test_without_updates_it_is_the_model_itself(
    calm_recipe: Any, learned: Path, start: Path, tmp_path: Path
) -> None:
    exp = train(calm_recipe, start, tmp_path / "exp", max_epoch=0)
    before, after = load_model_state(learned / MODEL), load_model_state(exp / MODEL)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    said = read_json(exp / "training.json")
    assert (said["updates"], said["sparsity_measured"]) == (0, 0.5)
    own, other = (Mask.load(place / "mask.safetensors") for place in (exp, learned))
    assert own.sha256 == other.sha256
    # The same once more, complete as it is.
    again = train(calm_recipe, start, tmp_path / "exp", max_epoch=0)
    assert torch.equal(load_model_state(again / MODEL)["ctc.ctc_lo.bias"], after["ctc.ctc_lo.bias"])


def test_rows_are_as_told_and_others_are_drawn(
    calm_recipe: Any, learned: Path, start: Path, tmp_path: Path
) -> None:
    rows = [0, -1, 3, 2, 4, 4, 6]
    lowered = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    head = {"head": str(start / "head.safetensors"), "rows": rows, "lowered": lowered}
    drawn = train(calm_recipe, start, tmp_path / "drawn", max_epoch=0, head_conf={})
    exp = train(calm_recipe, start, tmp_path / "exp", max_epoch=0, head_conf=head)
    before = load_model_state(learned / MODEL)["ctc.ctc_lo.bias"]
    own = load_model_state(exp / MODEL)["ctc.ctc_lo.bias"]
    other = load_model_state(drawn / MODEL)["ctc.ctc_lo.bias"]
    expected = before[rows] - torch.tensor(lowered)
    expected[1] = other[1]
    assert torch.equal(own, expected)


def test_it_goes_on_from_there_and_stays_sparse(
    calm_recipe: Any, learned: Path, start: Path, tmp_path: Path
) -> None:
    updates = {"max_epoch": 1, "num_iters_per_epoch": 2, "scheduler_conf": {"max_steps": 2}}
    exp = train(calm_recipe, start, tmp_path / "exp", keep_nbest_models=1, **updates)
    said = read_json(exp / "training.json")
    assert (said["updates"], said["sparsity_measured"]) == (2, 0.5)
    before, after = load_model_state(learned / MODEL), load_model_state(exp / MODEL)
    pool = find_pool(after)
    for name, weights in find_pool(before).items():
        assert torch.equal(weights == 0, pool[name] == 0)
        assert (weights - pool[name]).abs().max() < 0.01
    moved = (before["ctc.ctc_lo.weight"] - after["ctc.ctc_lo.weight"]).abs().max()
    assert 0 < moved < 0.01


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ({"heads": "x"}, "head_conf: expected a mapping of head, lowered, rows"),
        ({"head": "gone", "rows": [0] * TOKENS}, "gone: expected the head of an upstream"),
    ],
)
def test_what_is_no_head(
    calm_recipe: Any, start: Path, tmp_path: Path, conf: dict[str, Any], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        train(calm_recipe, start, tmp_path / "exp", max_epoch=0, head_conf=conf)


def test_a_head_for_other_tokens(
    calm_recipe: Callable[..., Any], start: Path, tmp_path: Path
) -> None:
    head = {"head": str(start / "head.safetensors"), "rows": [0, 1]}
    with pytest.raises(UserError, match=r"expected rows of 32 numbers for 7 tokens, found 2 of 32"):
        train(calm_recipe, start, tmp_path / "exp", max_epoch=0, head_conf=head)
