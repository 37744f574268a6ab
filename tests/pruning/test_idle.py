"""What would change nothing is refused where a training of any loop begins, and what was trained so
before is read on.
"""

from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pruning.settings import PruneSettings
from tests.pruning.loops import Loop


@pytest.mark.parametrize("method", ["dense", "lora"])
@pytest.mark.parametrize(
    ("name", "value"), [("score", "activation"), ("scope", "layer"), ("pattern", "2:4")]
)
def test_what_prunes_nothing_ranks_nothing(method: str, name: str, value: str) -> None:
    options: dict[str, Any] = {"sparsity": 0.0, "score_lr": None, name: value}
    if method == "lora":
        options["adapter_rank"] = 1
    loop = Loop(method, **options)
    with pytest.raises(UserError, match=f"{name} {value}: expected .* method {method} prunes noth"):
        loop.start()
    assert PruneSettings.parse({"method": method, name: value}).method == method


@pytest.mark.parametrize(
    ("method", "more", "message"),
    [
        ("parp", {"freeze_updates": 12}, "fewer than the run's 12 updates with method parp"),
        ("rigl", {"interval": 12}, "before the last of 12 updates, .* found 12"),
        ("parp-p", {"growth_updates": 3, "freeze_updates": 3}, "more than the 3 freeze_updates"),
    ],
)
def test_a_mask_that_would_never_move(method: str, more: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Loop(method, updates=12, **more).start()


@pytest.mark.parametrize("method", ["mpi", "dense"])
def test_a_head_may_train_alone(method: str) -> None:
    sparsity = 0.0 if method == "dense" else 0.5
    Loop(method, updates=12, freeze_updates=12, sparsity=sparsity).start()


@pytest.mark.parametrize(
    ("method", "more", "message"),
    [
        ("parp", {}, "the rates have none for body.2.weight"),
        ("parp-p", {"start_sparsity": 0.0}, "the rates have none .* '\"\\*\": 0.5'"),
        ("parp-p", {"rates": '"*0*": 0.9\n"*": 0\n', "start_sparsity": 0.1}, "sparsity of 0.5 "),
        ("rigl", {"rates": '"*0*": 0.9\n"*": 0.2\n'}, "prunes 0.6.* before .* or a smaller alpha"),
    ],
)
def test_what_a_pool_cannot_be_at_the_end(
    method: str, more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """Said when training begins, of the sparsity at its end."""
    rates = tmp_path / "rates.yaml"
    rates.write_text(more.get("rates", '"*0*": 0.5\n'))
    more = {name: value for name, value in more.items() if name != "rates"}
    with pytest.raises(UserError, match=message):
        Loop(method, scope=str(rates), updates=12, **more).start()
