"""What needs a second look is written in steps: no loop within a loop in one expression."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import parp_espnet

PACKAGE = Path(parp_espnet.__file__).parent
ROOMS = (
    "bench",
    "bin",
    "corpora",
    "data",
    "espnet",
    "glue",
    "phones",
    "pipeline",
    "pruning",
    "queues",
    "scoring",
    "sound",
    "study",
)
LOOPS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def inside(node: ast.AST) -> Iterator[ast.AST]:
    nodes = ast.walk(node)
    next(nodes)
    return nodes


def is_hard(node: ast.AST) -> bool:
    """Whether it is a comprehension within one, one of several loops, or a choice in a choice."""
    if isinstance(node, LOOPS):
        return len(node.generators) > 1 or any(isinstance(part, LOOPS) for part in inside(node))
    if isinstance(node, ast.IfExp):
        return any(isinstance(part, ast.IfExp) for part in inside(node))
    return False


@pytest.mark.parametrize("room", ROOMS)
def test_expressions_are_one_step(room: str) -> None:
    hard = []
    for file in sorted((PACKAGE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if is_hard(node):
                hard.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert hard == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[b for a in x for b in a]", True),
        ("[[b for b in a] for a in x]", True),
        ("1 if a else 2 if b else 3", True),
        ("[a for a in x if a]", False),
        ("1 if a else 2", False),
    ],
)
def test_what_is_hard(text: str, expected: bool) -> None:
    assert is_hard(ast.parse(text, mode="eval").body) is expected
