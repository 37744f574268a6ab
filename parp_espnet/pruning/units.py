"""Whole units of a layer: which of them are kept, where a mask zeroes what reads their outputs.

A unit's score is the sum of the scores of what reads it: a column of the feed-forward layer's
second weight, a head's columns of attention's last one. All that are compared have the same size,
so that a sum and a mean have the same order. Sums are of whole numbers, so that they are the same
whatever the order of the additions: on any device, with any number of threads.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError
from parp_espnet.pruning.channels import (
    PROJECTION,
    STACK,
    kept_channels,
    pruned_count,
    readers,
    spread,
)
from parp_espnet.pruning.families import FAMILIES, Family, Unit
from parp_espnet.pruning.layers import find_layers
from parp_espnet.pruning.patterns import CHANNELS, Units

PLACES: dict[str, Callable[[Family], Unit]] = {
    "feed-forward units": lambda family: family.units,
    "heads": lambda family: family.heads,
}
"""What can be pruned as a whole → what it is made of."""
HEADS = "heads"
COUNTERS = ("num_heads", "num_attention_heads", "n_head")
"""What modules call the number of their heads."""
_BITS = 40
"""Bits of the largest score; four million scores add up to less than 2⁶²."""


class Place(NamedTuple):
    """A tensor whose columns read units: its canonical name, and how many units that is."""

    name: str
    number: int


def outputs(shapes: Mapping[str, tuple[int, ...]], kind: str) -> list[str]:
    """Return the tensors of a pool whose columns read units of a kind, in the pool's order."""
    if kind == CHANNELS:
        return readers(shapes)
    names = []
    for name in shapes:
        if any(_is_output(name, family.stack, PLACES[kind](family).output) for family in FAMILIES):
            names.append(name)
    return names


def _is_output(name: str, stack: str, kind: str) -> bool:
    return re.fullmatch(rf"{re.escape(stack)}\.\d+\.{re.escape(kind)}", name) is not None


def places(pattern: Units, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[list[Place]]:
    """Yield, for each kind that a pattern prunes, where its units are read.

    Raises:
        UserError: the pool has no such tensors, or nobody knows how many heads there are.
    """
    for kind in pattern.kinds:
        names = outputs(shapes, kind)
        if not names:
            usual = PROJECTION if kind == CHANNELS else PLACES[kind](FAMILIES[0]).output
            raise UserError(
                f"pattern {pattern.word}: expected what reads {kind} in the pool, such as {usual}, "
                f"found none: take another pattern, another upstream, or no pool of your own"
            )
        yield [Place(name, _count(pattern, kind, name, shapes[name])) for name in names]


def _count(pattern: Units, kind: str, name: str, shape: tuple[int, ...]) -> int:
    # XLNet's heads are no matrix: (model, heads, size of a head).
    if kind != HEADS or len(shape) == 3:
        return shape[1]
    if pattern.heads is None:
        raise UserError(
            f"pattern {pattern.word}: expected a model that tells how many heads its layers have, "
            f"in its configuration or its modules, found none; take --pattern ffn"
        )
    if pattern.heads < 1 or shape[1] % pattern.heads:
        raise UserError(
            f"pattern {pattern.word}: {name}: expected columns of {pattern.heads} heads, found "
            f"{shape[1]}"
        )
    return pattern.heads


def keep_units(pattern: Units, scores: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """Return the mask of a pattern; see `patterns.Units`. Of equal units the earlier is pruned.

    Raises:
        UserError: as `places`, or a layer would lose all.
    """
    kept = {name: torch.ones_like(tensor, dtype=torch.bool) for name, tensor in scores.items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in scores.items()}
    for kind, own in zip(pattern.kinds, places(pattern, shapes), strict=True):
        sums = _sums(own, scores)
        chosen = (_even if pattern.even else _free)(pattern, kind, own, sums, sparsity)
        if kind == CHANNELS:
            kept |= spread(chosen, shapes)
            continue
        for place, units in zip(own, chosen, strict=True):
            kept[place.name] = _whole(units, scores[place.name])
    return kept


def _even(
    pattern: Units, kind: str, own: list[Place], sums: list[Tensor], sparsity: float
) -> list[Tensor]:
    pattern.check_counts(kind, [place.number for place in own], sparsity)
    chosen = []
    for place, scores in zip(own, sums, strict=True):
        pruned = pattern.pruned(kind, [place.number], sparsity)
        chosen.append(_largest(scores, pruned))
    return chosen


def _free(
    pattern: Units, kind: str, own: list[Place], sums: list[Tensor], sparsity: float
) -> list[Tensor]:
    counts = [place.number for place in own]
    pattern.check_counts(kind, counts, sparsity)
    guarded = []
    for scores in sums:
        best = torch.zeros_like(scores, dtype=torch.bool)
        best[torch.argsort(scores, stable=True)[-1]] = True
        # No sum is as large as this.
        guarded.append(scores.masked_fill(best, torch.iinfo(torch.int64).max))
    chosen = _largest(torch.cat(guarded), pattern.pruned(kind, counts, sparsity))
    return list(torch.split(chosen, counts))


def _largest(scores: Tensor, pruned: int) -> Tensor:
    kept = torch.ones_like(scores, dtype=torch.bool)
    kept[torch.argsort(scores, stable=True)[:pruned]] = False
    return kept


def _sums(own: list[Place], scores: Mapping[str, Tensor]) -> list[Tensor]:
    """The sum of each unit's scores, as whole numbers of a size that all of these share."""
    largest = max(float(_finite(scores[place.name]).max()) for place in own)
    scale = 2.0 ** (_BITS - math.frexp(largest)[1])
    sums = []
    for place in own:
        whole = (_finite(scores[place.name]).double() * scale).round().to(torch.int64)
        sums.append(whole.reshape(len(whole), place.number, -1).sum((0, 2)))
    return sums


def _finite(scores: Tensor) -> Tensor:
    return torch.nan_to_num(scores.detach().to(torch.float32).abs())


def _whole(units: Tensor, like: Tensor) -> Tensor:
    """A mask of a tensor whose columns read `units`."""
    size = like.numel() // (len(like) * len(units))
    return units[None, :, None].expand(len(like), -1, size).reshape(like.shape).contiguous()


def kept_count(pattern: Units, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
    """How many weights of a pool a mask keeps that prunes round(sparsity · n) units."""
    kept = sum(math.prod(shape) for shape in shapes.values())
    for kind, own in zip(pattern.kinds, places(pattern, shapes), strict=True):
        if kind == CHANNELS:
            kept -= pruned_count(shapes, pattern.share(kind, sparsity))
            continue
        each = math.prod(shapes[own[0].name]) // own[0].number
        kept -= pattern.pruned(kind, [place.number for place in own], sparsity) * each
    return kept


def kept_units(kept: Mapping[str, Tensor], place: Place) -> Tensor | None:
    """Return which units of a layer a mask keeps, (count,); None where it prunes a part of one."""
    mask = kept[place.name]
    parts = mask.reshape(len(mask), place.number, -1)
    some, whole = parts.any(2).any(0), parts.all(2).all(0)
    return whole if torch.equal(some, whole) else None


def follows(pattern: Units, kept: Mapping[str, Tensor]) -> bool:
    """Whether a mask prunes whole units, and nothing else, and leaves some in every layer."""
    rest = dict(kept)
    shapes = {name: tuple(tensor.shape) for name, tensor in kept.items()}
    for kind, own in zip(pattern.kinds, places(pattern, shapes), strict=True):
        if kind == CHANNELS:
            channels = kept_channels(kept)
            if channels is None or not all(bool(layer.any()) for layer in channels):
                return False
            for name in kept:
                if _is_before_layers(name):
                    del rest[name]
            continue
        left = set()
        for place in own:
            units = kept_units(kept, place)
            if units is None or not units.any():
                return False
            left.add(int(units.sum()))
            del rest[place.name]
        if pattern.even and len(left) > 1:
            return False
    return all(bool(tensor.all()) for tensor in rest.values())


def _is_before_layers(name: str) -> bool:
    return name == PROJECTION or name.startswith(f"{STACK}.")


def described(pattern: Units, kept: Mapping[str, Tensor]) -> list[str]:
    """Say of each kind how many units a mask prunes: '16 of 32 feed-forward units'."""
    told = []
    shapes = {name: tuple(tensor.shape) for name, tensor in kept.items()}
    for kind, own in zip(pattern.kinds, places(pattern, shapes), strict=True):
        total = sum(place.number for place in own)
        left = 0
        for place in own:
            units = None if kind == CHANNELS else kept_units(kept, place)
            left += place.number if units is None else int(units.sum())
        channels = kept_channels(kept) if kind == CHANNELS else None
        if channels is not None:
            left = sum(int(layer.sum()) for layer in channels)
        told.append(f"{total - left} of {total} {kind}")
    return told


def heads_of(model: nn.Module, names: Iterable[str]) -> int | None:
    """Return how many heads each layer of a model has, as its modules tell; None where they do
    not, or not all the same.

    Args:
        names: of the parameters of its pool.
    """
    layers = find_layers(names)
    if layers is None:
        return None
    counts = set()
    for number in layers.numbered:
        try:
            layer = model.get_submodule(f"{layers.stack}.{number}")
        except AttributeError:
            return None
        for module in layer.modules():
            for counter in COUNTERS:
                if type(getattr(module, counter, None)) is int:
                    counts.add(getattr(module, counter))
    return counts.pop() if len(counts) == 1 else None
