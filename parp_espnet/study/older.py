"""What results, masks and evidence of before say only in paths and names, read from there: for
these alone.
"""

import re
from pathlib import Path
from typing import Any

from parp_espnet.pruning.methods import HOW, METHODS, find_method
from parp_espnet.pruning.patterns import is_pattern
from parp_espnet.scoring.result import Result

MADE = "_mask.safetensors"
"""Ends the name of a mask that the template makes (pipeline/stages_masks.py), after where it comes
from.
"""
COMBINED = Path("exp/masks")
"""Has the masks that a study combines of several languages'."""
JOINT = "joint"
"""The recipe of a joint run, and in place of its languages what its masks are called."""
INTERVAL = re.compile(r", n = (\d+)$")
_SCOPE = re.compile(r"\bscope ([^ ,]+)")
_LEARNED = re.compile(r" ?\bby learned\b")


def fields_of(result: Result) -> dict[str, Any]:
    """Return the fields of an arm that a result of before leaves to the path of its first mask."""
    if result.initial_mask is None:
        return {}
    # A mask of a recipe is at egs2/<corpus>/<language>/exp/<tag>/<source>_mask.safetensors.
    mask = Path(result.initial_mask)
    if mask.is_relative_to(result.recipe) and mask.name.endswith(MADE):
        own = find_method(result.method).first_mask.name.lower()
        source = mask.name.removesuffix(MADE)
        return {} if source == own else {"first": source}
    return _foreign(mask)


def _foreign(mask: Path) -> dict[str, Any]:
    """Whose a mask from elsewhere is: its language, and unless it is OMP's the method of the run
    that left it.
    """
    if mask.is_relative_to(COMBINED):
        how, arm, *languages, _, _ = mask.stem.split("_")
        return {"combined": how, "run": arm, "languages": tuple(languages)}
    if mask.parts[:1] != ("egs2",):
        return {"other": mask.stem}
    # A run ends with a mask of its own; its directory is named by the template, method second.
    _, _, words = mask.parent.name.partition("_")
    method = words.split("_")[0]
    if method not in METHODS or mask.name.endswith(MADE):
        method = ""
    return {"languages": (mask.parts[2],), "run": method}


def fields_of_label(label: str) -> dict[str, Any]:
    """Return the fields of an arm, its method among them, that evidence of before has as a name
    alone.
    """
    parts: dict[str, Any] = {}
    interval = INTERVAL.search(label)
    if interval is not None:
        parts["interval"] = int(interval[1])
        label = label[: interval.start()]
    method, comma, rest = label.partition(", ")
    parts["method"] = method
    if not comma:
        return parts
    first, _, more = rest.partition(", ")
    if first.startswith("mask of "):
        parts |= _named(first.removeprefix("mask of "))
    elif first == "joint run":
        parts["joint"] = True
    elif first.endswith(" mask"):
        parts["first"] = first.removesuffix(" mask")
    else:
        more = rest
    return parts | {"variant": more}


def _named(mask: str) -> dict[str, Any]:
    how, _, of = mask.partition(" of ")
    if how in HOW and of:
        run, *languages = of.split()
        return {"combined": how, "run": run, "languages": tuple(languages)}
    language, _, run = mask.partition(" ")
    return {"languages": (language,), "run": run}


def in_words_of_now(words: str) -> str:
    """Return what evidence says of an arm: a pattern was called a scope, and a mask that a method
    had learned was "by learned", too.
    """
    return _SCOPE.sub(_pattern_or_scope, _LEARNED.sub("", words)).lstrip()


def _pattern_or_scope(match: re.Match[str]) -> str:
    word = match[1]
    return f"pattern {word}" if is_pattern(word) else match[0]


def figure_before(name: str) -> str:
    """Return what a figure's file was called when a pattern was called a scope."""
    return name.replace("-pattern-", "-scope-")


def is_joint(result: Result) -> bool:
    """Whether one run was for several languages: its recipe is called so."""
    return Path(result.recipe).name == JOINT


def corpus_of(result: Result) -> str:
    """Return the folder that the result's recipe is in."""
    return Path(result.recipe).parent.name
