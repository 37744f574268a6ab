"""`prune_conf`: what is accepted and what is said about the rest."""

from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pruning.settings import PruneSettings


def test_the_contract():
    conf = {
        "method": "parp", "sparsity": 0.5, "interval": 5, "freeze_updates": 0, "initial_mask": None,
        "scope": "global", "start_sparsity": None, "sparsity_path": "linear", "updates": None,
        "prune_biases": True, "prune_pattern": None,
    }  # fmt: skip
    settings = PruneSettings.parse(conf)
    assert settings.as_dict() == conf
    assert settings.row.adjusts
    assert (
        PruneSettings.parse({})
        == PruneSettings.parse(None)
        == PruneSettings.parse({"method": "dense", "sparsity": None})
    )
    assert PruneSettings.parse(
        {"method": "omp", "sparsity": 0.1, "initial_mask": "m"}
    ).initial_mask == Path("m")


def test_where_a_growing_sparsity_begins():
    conf = {"method": "parp-p", "sparsity": 0.9, "updates": 100}
    assert PruneSettings.parse(conf).schedule.sparsity_at(0) == pytest.approx(0.7)
    assert PruneSettings.parse(conf | {"start_sparsity": 0.5}).schedule.sparsity_at(
        0
    ) == pytest.approx(0.5)
    assert PruneSettings.parse(conf | {"sparsity": 0.1}).schedule.sparsity_at(0) == 0.0


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        (
            {"method": "parp", "sparsity": 50},
            r"sparsity: expected a fraction in \[0, 1\), found 50; did you mean 0.5",
        ),
        ({"method": "parp", "sparsity": 1.0}, r"found 1$"),
        ({"method": "parp", "sparsity": -0.1}, r"found -0.1$"),
        ({"method": "parp", "sparsity": float("nan")}, r"found nan$"),
        ({"method": "parp", "sparsity": "half"}, r"found 'half'"),
        ({"method": "parp", "sparsity": True}, r"found True"),
        ("parp", "prune_conf: expected a mapping of method, sparsity, .* found 'parp'"),
        ({"method": "pap", "sparsity": 0.5}, "did you mean 'parp'"),
        ({"metod": "parp"}, "prune_conf: expected one of .* found 'metod'; did you mean 'method'"),
        ({"method": "parp", "sparsity": 0.5, "interval": 0}, "interval: .* at least 1, found 0"),
        ({"method": "parp", "sparsity": 0.5, "interval": 2.5}, "interval: expected a whole number"),
        (
            {"method": "parp", "sparsity": 0.5, "freeze_updates": -1},
            "freeze_updates: .* at least 0",
        ),
        (
            {"method": "dense", "sparsity": 0.5},
            "method dense prunes nothing: .* found sparsity 0.5",
        ),
        (
            {"method": "omp", "sparsity": 0.5},
            "method omp starts from a mask file: .*parp-mask from-model",
        ),
        (
            {"method": "parp", "sparsity": 0.5, "scope": "layers"},
            "scope: expected one of .* did you mean 'layer'",
        ),
        (
            {"method": "parp", "sparsity": 0.5, "sparsity_path": "cube"},
            "sparsity_path: .* did you mean 'cubic'",
        ),
        (
            {"method": "parp", "sparsity": 0.5, "start_sparsity": 0.3},
            "method parp keeps its sparsity",
        ),
        (
            {"method": "parp-p", "sparsity": 0.5},
            "expected `updates`, those of the whole run, found none",
        ),
        (
            {"method": "parp-p", "sparsity": 0.5, "updates": 9, "start_sparsity": 0.6},
            "expected at most sparsity 0.5",
        ),
        (
            {"method": "parp-p", "sparsity": 0.5, "updates": 9, "start_sparsity": -1},
            "start_sparsity: expected a frac",
        ),
    ],
)
def test_one_line_says_what_was_found_and_expected(conf: dict[str, Any], message: str):
    with pytest.raises(UserError, match=message) as caught:
        PruneSettings.parse(conf)
    assert "\n" not in str(caught.value)
