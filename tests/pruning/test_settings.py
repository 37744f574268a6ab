"""`prune_conf`: what is accepted and what is said about the rest."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.patterns import PATTERNS
from parp_espnet.pruning.scopes import SCOPES
from parp_espnet.pruning.scores import choices
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


@pytest.mark.parametrize("path", ["linear", "cubic"])
@pytest.mark.parametrize("method", ["parp-p", "movement-p"])
def test_where_growing_ends(method: str, path: str):
    conf = {"method": method, "sparsity": 0.9, "updates": 100, "start_sparsity": 0}
    conf |= {"sparsity_path": path, "growth_updates": 60}
    settings = PruneSettings.parse(conf)
    schedule = settings.schedule
    assert schedule.sparsity_at(59) < 0.9 == schedule.sparsity_at(60) == schedule.sparsity_at(100)
    # It goes on to be ranked afresh.
    assert schedule.is_prune(65)
    assert settings.as_dict()["growth_updates"] == 60
    with pytest.raises(UserError, match="at most the run's 50 updates, found 60"):
        PruneSettings.parse(conf | {"updates": 50})


@pytest.mark.parametrize("method", ["dense", "mpi", "parp", "rigl", "router", "movement"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("start_sparsity", 0.0), ("sparsity_path", "cubic"), ("growth_updates", 5)],
)
def test_what_does_not_grow_has_no_growth(method: str, name: str, value: object):
    conf = {"method": method, "updates": 9, "sparsity": 0 if method == "dense" else 0.5}
    expected = f"{name}: expected none, since method {method} keeps its sparsity; .* parp-p"
    with pytest.raises(UserError, match=expected):
        PruneSettings.parse(conf | {name: value})


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
        ({"method": "parp", "sparsity": True}, r"found true"),
        ("parp", "prune_conf: expected a mapping of method, sparsity, .* found 'parp'"),
        ({"method": "pap", "sparsity": 0.5}, "did you mean 'parp'"),
        ({"metod": "parp"}, "prune_conf: expected one of .* found 'metod'; did you mean 'method'"),
        (
            {"method": "dense", "sparsity": 0.5, "initial_mask": "m"},
            "found sparsity 0.5 and initial_mask m; leave them out",
        ),
        ({"method": "parp", "sparsity": 0.5, "interval": True}, "at least 1, found true"),
        ({"method": "parp", "sparsity": 0.5, "interval": 0}, "interval: .* at least 1, found 0"),
        ({"method": "parp", "sparsity": 0.5, "interval": 2.5}, "interval: expected a whole number"),
        (
            {"method": "parp", "sparsity": 0.5, "freeze_updates": -1},
            "freeze_updates: .* at least 0",
        ),
        (
            {"method": "dense", "sparsity": 0.5},
            "method dense prunes nothing: .* found sparsity 0.5; leave it out",
        ),
        (
            {"method": "omp", "sparsity": 0.5},
            "method omp starts from a mask file: .*parp-mask from-model",
        ),
        (
            {"method": "rigl", "sparsity": 0.5, "scope": "units", "updates": 9},
            "method rigl: expected pattern none, found units: weights go and come one by one",
        ),
        (
            {"method": "parp", "sparsity": 0.5, "scope": "units", "pattern": "ffn"},
            "pattern ffn: expected scope global, found units, which is a pattern, too; leave one",
        ),
        (
            {"method": "small", "sparsity": 0.5},
            "method small: expected a pattern of whole units, such as units, found pattern none",
        ),
        (
            {"method": "parp", "sparsity": 0.5, "scope": "layers"},
            "scope: expected one of .* did you mean 'layer'",
        ),
        (
            {"method": "parp-p", "sparsity": 0.5, "updates": 9, "sparsity_path": "cube"},
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


PATTERN_WORDS = ("none", "2:4", *PATTERNS)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_found_is_what_was_given(method: str) -> None:
    """Of all pairs that are refused."""
    sparsity = 0.5 if METHODS[method].prunes else 0.0
    mask = "mask" if METHODS[method].given else None
    own = {"method": method, "sparsity": sparsity, "initial_mask": mask, "updates": 9}
    for pattern, scope, score in product(PATTERN_WORDS, (*SCOPES, *PATTERN_WORDS[1:]), choices()):
        given = {"pattern": pattern, "scope": scope, "score": score}
        try:
            PruneSettings.parse(own | given)
        except UserError as error:
            said = str(error)
        else:
            continue
        words = {word for option in given.items() for word in option} | {"none", method}
        for found in re.findall(r"found (?:pattern |score )?([^ ,;']+[^ ,;:'])", said):
            assert found in words, said
        expected = re.findall(r"expected (?:pattern|scope|score) ([^ ,;]+)", said)
        assert not set(expected) & set(re.findall(r"found ([^ ,;]+)", said)), said
        assert "did you mean" not in said
