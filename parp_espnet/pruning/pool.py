"""Which weights of a model may be pruned, under names that do not depend on where the
model sits.
"""

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from parp_espnet.errors import UserError, printable
from parp_espnet.pruning.channels import channel_names
from parp_espnet.pruning.families import FAMILIES
from parp_espnet.pruning.layers import OWN_POOL, find_layers

RANKED = (torch.float32, torch.float16, torch.bfloat16)
"""Types of numbers whose magnitudes `selection` ranks."""


def find_pool[T: Tensor](
    tensors: Mapping[str, T],
    pattern: str | None = None,
    biases: bool = True,
    channels: bool = False,
) -> dict[str, T]:
    """Return the prunable tensors of a model by canonical name, sorted by it.

    A pool is whole: every kind of tensor of a family in every layer.

    Args:
        tensors: `dict(model.named_parameters())` or a state_dict. The result holds the same
            tensors.
        pattern: regular expression, to choose a pool of one's own: of whole names, or of what is
            left of them without the first few modules (`encoder.…` instead of
            `frontend.upstream.upstream.model.encoder.…`). What it matches is the canonical name.
        biases: whether biases belong to the pool, as they do in the paper's.
        channels: whether the convolutions before the layers do, whose channels are pruned; with
            what belongs to a channel, biases or not.

    Raises:
        UserError: nothing matches, the pattern is none, two tensors share one canonical name, or
            (without a pattern) the layers are not those of one family: something is missing, there
            is more than the family has, layers are not numbered from 0 on, there are several stacks
            of them, or weights are no matrices; or a tensor is empty, or of numbers that cannot be
            ranked, as those of eight bits.
    """
    names = pool_names(tensors, pattern, biases, channels)
    pool = {canonical: tensors[name] for canonical, name in names.items()}
    _check_numbers(pool)
    if pattern is None:
        _check_matrices(pool)
    return pool


def _check_numbers(pool: Mapping[str, Tensor]) -> None:
    """Raise `UserError` where a tensor has no magnitudes to rank: none at all, or numbers of a
    quantised model.
    """
    for name, tensor in pool.items():
        if tensor.dtype not in RANKED:
            raise UserError(
                f"{printable(name)}: expected weights of float32, float16 or bfloat16, found "
                f"{tensor.dtype}; "
                "take the model from which this one was quantised or converted"
            )
        if tensor.numel() == 0:
            raise UserError(
                f"{printable(name)}: expected weights, found a tensor of shape "
                f"{tuple(tensor.shape)}"
            )


def _check_matrices(pool: Mapping[str, Tensor]) -> None:
    """Raise `UserError` where what a family multiplies by is no matrix."""
    for name, tensor in pool.items():
        if not name.endswith(("bias", "layer_norm.weight")) and tensor.dim() < 2:
            raise UserError(
                f"{printable(name)}: expected a matrix, found a tensor of shape "
                f"{tuple(tensor.shape)}; "
                "the model is damaged, or stores its weights in another form"
            )


def pool_names(
    names: Iterable[str],
    pattern: str | None = None,
    biases: bool = True,
    channels: bool = False,
) -> dict[str, str]:
    """Return the name in the model of each canonical name of its pool, sorted; see `find_pool`."""
    names = list(names)
    pool = _own(names, pattern, biases) if pattern is not None else _whole(names, biases)
    if channels:
        pool |= channel_names(names)
    return dict(sorted(pool.items()))


def _whole(names: list[str], biases: bool) -> dict[str, str]:
    layers = find_layers(names, biases)
    if layers is None:
        wanted = ", ".join(family.name for family in FAMILIES)
        raise UserError(
            f"nothing to prune: expected parameters named as in {wanted}, found {fold(names)}; "
            f"{OWN_POOL}"
        )
    layers.check(names)
    return layers.pool() | layers.singles(names)


def _own(names: Iterable[str], pattern: str, biases: bool) -> dict[str, str]:
    try:
        compiled = re.compile(rf"^(?:.+?\.)??({pattern})$")
    except re.error as error:
        raise UserError(
            f"pattern {pattern!r}: expected a regular expression of whole names, found {error}"
        ) from None
    own: dict[str, str] = {}
    for name in names:
        match = compiled.match(name)
        if match is None or (not biases and name.endswith("bias")):
            continue
        canonical = match[1]
        if canonical in own:
            raise UserError(
                f"expected one upstream in the model, found two: {own[canonical]} and {name}"
            )
        own[canonical] = name
    if not own:
        raise UserError(
            f"nothing to prune: expected parameters named as in the pattern {pattern!r}, found "
            f"{fold(names)}"
        )
    return own


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def fold(names: Iterable[str], limit: int = 12) -> str:
    """What there is, with layer numbers folded, so that a hundred layers read as one line."""
    kinds = sorted({printable(re.sub(r"\.\d+\.", ".N.", name)) for name in names})
    if not kinds:
        return "no parameters at all"
    more = f" and {len(kinds) - limit} more kinds" if len(kinds) > limit else ""
    return ", ".join(kinds[:limit]) + more
