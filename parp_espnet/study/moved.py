"""Where masks have moved, and when, of the log of a training."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parp_espnet.pruning.anatomy import Place, by_kind, by_layer, place_of
from parp_espnet.pruning.masks import Mask

PARTS = 12
"""Of a training, as columns of a figure."""

type Moves = tuple[list[int], dict[str, list[float]], dict[str, list[float]]]
"""As the last fields of `evidence.Adjusting`."""


def moved_in(events: Sequence[Mapping[str, Any]], mask: Path, updates: int) -> Moves:
    """Return when parts of a training end, and the share of each layer's and of each kind's weights
    that changed sides in each, once for every change.

    Nothing of a log of before that was counted, or without the mask, whose shapes it takes.
    """
    if not mask.is_file() or not any(event.get("moved") for event in events):
        return [], {}, {}
    sizes = {name: kept.numel() for name, kept in Mask.load(mask).kept.items()}
    ends = [round(updates * number / PARTS) for number in range(1, PARTS + 1)]
    return ends, _shares(events, sizes, ends, by_layer), _shares(events, sizes, ends, by_kind)


def _shares(
    events: Sequence[Mapping[str, Any]],
    sizes: Mapping[str, int],
    ends: Sequence[int],
    group: Callable[[Place], str],
) -> dict[str, list[float]]:
    names = sorted(sizes, key=lambda name: (place_of(name).layer or 0, name))
    totals: dict[str, int] = {}
    for name in names:
        totals[group(place_of(name))] = totals.get(group(place_of(name)), 0) + sizes[name]
    shares = {key: [0.0] * len(ends) for key in totals}
    for event in events:
        # What is beyond the end is of the last part.
        part = min(bisect_left(ends, event["step"]), len(ends) - 1)
        for name, count in event.get("moved", {}).items():
            key = group(place_of(name))
            shares[key][part] += count / totals[key]
    return shares
