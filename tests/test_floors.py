"""A package imports from those below it alone: there are no circles."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "parp_espnet"
FLOORS = (
    {"pruning", "phones", "sound", "tiers", "queues"},
    {"data"},
    {"corpora", "scoring"},
    {"decoding"},
    {"recognition", "upstreams"},
    {"aligning"},
    {"espnet"},
    {"export"},
    {"pipeline"},
    {"glue", "espnet3"},
    {"study"},
    {"bench"},
    {"bin"},
)
"""From the ground up."""
OPEN = {("pipeline", "glue"), ("upstreams", "pipeline")}
"""Imports upwards that are left: settings of text among an experiment's, options of pretraining."""


def packages() -> set[str]:
    return {path.parent.name for path in ROOT.glob("*/__init__.py")}


def imports() -> Iterator[tuple[str, str]]:
    """Of which package each package imports something."""
    for path in ROOT.glob("*/**/*.py"):
        package = path.relative_to(ROOT).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("parp_espnet"):
                words = (node.module or "").split(".")[1:]
                names = words[:1] or [alias.name for alias in node.names]
                yield from ((package, name) for name in names)


def test_every_package_has_a_floor() -> None:
    assert set().union(*FLOORS) == packages()


def test_nothing_is_imported_from_above() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    upwards = set()
    for package, other in imports():
        if other in floor and package != other and floor[other] >= floor[package]:
            upwards.add((package, other))
    assert upwards == OPEN
