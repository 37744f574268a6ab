"""A training that did not do its updates is no result: one line, no summary, and the same command
says it again.
"""

import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.bin.train import main
from parp_espnet.errors import UserError
from parp_espnet.espnet.divergence import MOST_SKIPPED, Updates, check_done, check_validation
from parp_espnet.espnet.states import load_model_state
from parp_espnet.files import read_json
from parp_espnet.pruning.pruner import Pruner

FAST = {
    "optim_conf": {"lr": 1e6},
    "scheduler": None,
    "scheduler_conf": {},
    "max_epoch": 2,
    "num_iters_per_epoch": 12,
}


def refused(recipe: Any, directory: Path, **changes: Any) -> str:
    """Train; return the one line by which it fails."""
    with pytest.raises(UserError) as caught:
        recipe.train(directory, **changes)
    assert len(str(caught.value).splitlines()) == 1
    assert not (directory / "training.json").exists()
    assert not (directory / "valid.loss.ave.pth").exists()
    return str(caught.value)


@pytest.mark.parametrize("method", ["dense", "parp"])
def test_a_loss_that_is_not_a_number(recipe, tmp_path: Path, method: str) -> None:
    sparsity = {"sparsity": 0.5} if method == "parp" else {}
    conf = {"method": method, **sparsity}
    said = refused(recipe, tmp_path, prune_conf=conf, accum_grad=2, **FAST)
    assert said.startswith(
        f"{tmp_path}: update 2: the loss or its gradient is not a number, on tone-"
    )
    assert "at a learning rate of 1e+06; train again with a smaller --lr" in said
    # Nothing of it is taken for an epoch.
    assert not (tmp_path / "checkpoint.pth").exists()
    assert refused(recipe, tmp_path, prune_conf=conf, accum_grad=2, **FAST) == said


def test_a_single_update_too_far_shows_in_validation(recipe, tmp_path: Path) -> None:
    wild = FAST | {"optim_conf": {"lr": 1e36}, "num_iters_per_epoch": 1, "max_epoch": 1}
    said = refused(recipe, tmp_path, **wild)
    assert f"{tmp_path}: the validation after update 1: the loss is not a number" in said


def test_the_command_fails_in_one_line(
    recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", "--config", str(recipe.config(tmp_path, **FAST))])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith(
        f"error: {tmp_path}: update 2: the loss or its gradient is not a number"
    )


def test_weights_that_are_not_numbers_are_no_model(recipe, after, tmp_path: Path) -> None:
    """After the last update, where no loss would show it: validation does."""

    pruners: list[Pruner] = []
    real = Pruner.start

    def start(pruner: Pruner, mask: Any) -> None:
        pruners.append(pruner)
        real(pruner, mask)

    def act() -> None:
        with torch.no_grad():
            for tensor in pruners[0].pool.values():
                tensor.fill_(math.inf)

    with pytest.MonkeyPatch.context() as patch, after(6, act):
        patch.setattr(Pruner, "start", start)
        refused(recipe, tmp_path, max_epoch=1, prune_conf={"method": "dense"})


def test_early_stopping_is_an_end_where_it_was_asked_for(recipe, tmp_path: Path) -> None:
    still = {
        "optim_conf": {"lr": 0.0},
        "num_iters_per_epoch": 1,
        "max_epoch": 9,
        "keep_nbest_models": 1,
    }
    stops = {"patience": 1, "early_stopping_criterion": ["valid", "loss", "min"]}
    experiment = recipe.train(tmp_path, **still, **stops)
    assert 1 <= read_json(experiment / "training.json")["updates"] < 9
    assert load_model_state(experiment / "valid.loss.ave.pth")


def test_fewer_updates_than_asked_for(tmp_path: Path) -> None:
    for updates, asked, early, scaled in (
        (5, 5, False, False),
        (5, None, False, False),
        (3, 5, True, False),
    ):
        check_done(tmp_path, updates, asked, early, scaled)
    check_done(tmp_path, 76, 76 + MOST_SKIPPED, stops_early=False, scaled=True)
    for updates, scaled in ((4, False), (0, True), (4, True)):
        asked = updates + (MOST_SKIPPED + 1 if updates else 1)
        with pytest.raises(
            UserError, match=rf"expected {asked} updates, found {updates}: .* is no result"
        ):
            check_done(tmp_path, updates, asked, stops_early=False, scaled=scaled)


def test_a_validation(tmp_path: Path) -> None:
    check_validation(tmp_path, 7, [1.0, 2.0])
    check_validation(tmp_path, 7, [])
    for wrong in (math.nan, math.inf):
        with pytest.raises(
            UserError, match="validation after update 7: the loss is not a number in 1 of 2 batches"
        ):
            check_validation(tmp_path, 7, [1.0, wrong])


@pytest.mark.parametrize(
    ("made", "forgotten"),
    [
        ([True, True, True], []),
        ([True, False, True], [2]),
        ([False, True, False], [1, 3]),
        ([True, False, False], [2, 3]),
        ([False, False, True], [1, 2]),
    ],
)
@pytest.mark.parametrize("accum_grad", [1, 2])
def test_what_batches_of_no_update_have_shown_is_forgotten(
    made: list[bool], forgotten: list[int], accum_grad: int, tmp_path: Path
) -> None:
    """Before the next batch, and so before a training can be interrupted."""
    done, seen = 0, []
    batches = [([f"u{number}"], {}) for number in range(3 * accum_grad)]
    updates = Updates(
        batches,
        accum_grad=accum_grad,
        update=lambda: done,
        optimizer=None,
        scaler=None,
        directory=tmp_path,
        forget=lambda: seen.append(number // accum_grad),
    )
    for number, _ in enumerate(updates, 1):
        if number % accum_grad == 0:
            done += made[number // accum_grad - 1]
    assert seen == forgotten
