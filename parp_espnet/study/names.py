"""What tables and figures call an experiment."""

from pathlib import Path

from parp_espnet.pruning.methods import find_method
from parp_espnet.scoring.result import Result

MADE = "_mask.safetensors"
"""Ends the name of a mask that phn.sh makes (stage 6), after where it comes from."""


def method_of(result: Result) -> str:
    """Return what tables call the method: with where the mask is from, unless it was made for the experiment."""
    if is_joint(result):
        return f"{result.method}, joint run"
    if result.initial_mask is None:
        return result.method
    # A mask of a recipe is at egs2/<corpus>/<language>/exp/<tag>/<source>_mask.safetensors.
    mask = Path(result.initial_mask)
    if mask.is_relative_to(result.recipe) and mask.name.endswith(MADE):
        own, source = find_method(result.method).first_mask.name.lower(), mask.name.removesuffix(MADE)
        return result.method if source == own else f"{result.method}, {source} mask"
    return f"{result.method}, mask of {mask.parts[2] if mask.parts[:1] == ('egs2',) else mask.stem}"


def is_joint(result: Result) -> bool:
    """Whether one run was for several languages, of which the result is one or all."""
    return Path(result.recipe).name == "joint"


def source_of(result: Result) -> str:
    """Return the language whose mask a result begins with, or what else the mask is called; "" where it is its own."""
    _, _, mask = method_of(result).partition("mask of ")
    return mask
