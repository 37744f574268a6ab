"""Masks seen by Transformer layer and by kind of weight."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor

from parp_espnet.pruning.families import in_layer
from parp_espnet.pruning.masks import iou, kept_in

_KIND = re.compile(r"\.(weight|bias)$")


class Place(NamedTuple):
    """Where a weight is: its layer, None outside of layers, and its kind, such as
    `attention.q_proj`.
    """

    layer: int | None
    kind: str


def place_of(name: str) -> Place:
    """Return the place of a canonical name; a projection's weight and bias are of one kind."""
    bare = _KIND.sub("", name)
    place = in_layer(bare)
    return Place(None, bare) if place is None else Place(place.number, place.kind)


def by_layer(place: Place) -> str:
    """Name the group of all weights of a layer."""
    return "no layer" if place.layer is None else f"layer {place.layer}"


def by_kind(place: Place) -> str:
    """Name the group of all weights of a kind."""
    return place.kind


def groups(
    kept: Mapping[str, Tensor], group: Callable[[Place], str]
) -> dict[str, dict[str, Tensor]]:
    """Divide the tensors of a mask into groups, layers in the order of their numbers."""
    grouped: dict[str, dict[str, Tensor]] = {}
    for name in sorted(kept, key=_order):
        grouped.setdefault(group(place_of(name)), {})[name] = kept[name]
    return grouped


def _order(name: str) -> tuple[bool, int, str]:
    """Layers by their numbers, and behind them what belongs to none."""
    layer = place_of(name).layer
    return layer is None, layer or 0, name


def sparsity_by(kept: Mapping[str, Tensor], group: Callable[[Place], str]) -> dict[str, float]:
    """Return the pruned fraction of each group that has weights."""
    sparsities: dict[str, float] = {}
    for name, part in groups(kept, group).items():
        total = _size(part)
        if total:
            sparsities[name] = 1.0 - kept_in(part) / total
    return sparsities


def iou_by(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], group: Callable[[Place], str]
) -> dict[str, float]:
    """Return the overlap of two masks in each group that has weights; both cover the
    same tensors.
    """
    overlaps: dict[str, float] = {}
    for name, part in groups(a, group).items():
        if _size(part):
            overlaps[name] = iou(part, {tensor: b[tensor] for tensor in part})
    return overlaps


def _size(part: Mapping[str, Tensor]) -> int:
    return sum(tensor.numel() for tensor in part.values())
