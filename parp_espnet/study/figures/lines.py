"""What figures have in common whose lines go through the means over seeds."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of
from parp_espnet.study.figures.style import KINDS, MARKERS, METHODS, look, shade
from parp_espnet.study.names import decoding_of, decodings, upstream_names
from parp_espnet.study.variants import AMOUNTS, Differences

type Lines = dict[tuple[str, str], list[Result]]
"""Results by their method, and what else is their line's."""
type Means = tuple[float, float, float]
type Place = Callable[[Result], float]
"""Where along a figure's axis a result is."""


def of_own_masks(results: Sequence[Result]) -> list[Result]:
    """The results whose masks are their own, of each method's first interval alone."""
    own = []
    usual: dict[str, int | None] = {}
    for result in results:
        arm = arm_of(result)
        if result.method not in METHODS or not arm.own or arm.row.given:
            continue
        if result.interval == usual.setdefault(result.method, result.interval):
            own.append(result)
    return own


def lines_of(results: Sequence[Result], along: Place | None = None) -> list[str]:
    """Return what tells each result's line from others of its method: everything that differs but
    the seed, and but the amount of data where lines go `along` that, each with the updates that
    belong to it.
    """
    apart = Differences.of(results)
    if along is not None:
        apart = replace(apart, names=tuple(name for name in apart.names if name not in AMOUNTS))
    upstreams = upstream_names(result.upstream for result in results)
    several_decodings = len(decodings(results)) > 1
    updates: dict[tuple[object, ...], set[int]] = {}
    for result in results:
        place = (result.method, result.language, along and along(result))
        updates.setdefault(place, set()).add(result.updates)
    # In all languages, where it is so in one: a line has one name in the legend of all panels.
    several_updates = {method for (method, *_), numbers in updates.items() if len(numbers) > 1}
    named = []
    for result in results:
        words = [apart.all(result)]
        if len(upstreams) > 1:
            words.append(upstreams[result.upstream])
        if result.method in several_updates:
            words.append(f"{result.updates} updates")
        if several_decodings:
            words.append(decoding_of(result))
        named.append(", ".join(filter(None, words)))
    return named


def places_of(panels: Iterable[Lines]) -> dict[tuple[str, str], int]:
    """The place of each line among those of its method: in all panels the same, whichever lines a
    panel has, as they share a legend.
    """
    places: dict[tuple[str, str], int] = {}
    counts: Counter[str] = Counter()
    for key in dict.fromkeys(chain.from_iterable(panels)):
        places[key] = counts[key[0]]
        counts[key[0]] += 1
    return places


def style_of(method: str, place: int) -> dict[str, Any]:
    """A method's colour and marker; of its lines but the first, another marker and another kind of
    line.
    """
    style = look(method)
    if not place:
        return style
    marker = MARKERS[(MARKERS.index(style["marker"]) + place) % len(MARKERS)]
    # A bar shows no kind of line.
    colour = shade(style["color"], place // len(MARKERS))
    kind = KINDS[(place - 1) % len(KINDS)]
    return {**style, "color": colour, "marker": marker, "linestyle": kind}


def means_of(results: Sequence[Result], place: Place) -> dict[float, Means]:
    """The error rate and its interval's ends at each place, ascending, in percent: means over
    seeds.
    """
    rates: dict[float, list[tuple[float, float, float]]] = {}
    for result in sorted(results, key=place):
        rates.setdefault(place(result), []).append((result.error_rate, *result.ci95))
    means: dict[float, Means] = {}
    for at, several in rates.items():
        rate, low, high = map(fmean, zip(*several, strict=True))
        means[at] = 100 * rate, 100 * low, 100 * high
    return means


def draw_line(axes: Axes, label: str, means: dict[float, Means], style: dict[str, Any]) -> None:
    """A line through the means, and a band of their intervals'."""
    rates, low, high = zip(*means.values(), strict=True)
    axes.plot(list(means), rates, label=label, markersize=4, linewidth=1.3, **style)
    axes.fill_between(list(means), low, high, color=style["color"], alpha=0.15, linewidth=0)


def draw_seeds(axes: Axes, method: str, lines: Sequence[Sequence[Result]], place: Place) -> None:
    """Every seed, at places that have several in their line."""
    places, rates = [], []
    for line in lines:
        counts = Counter(map(place, line))
        for result in line:
            if counts[place(result)] > 1:
                places.append(place(result))
                rates.append(100 * result.error_rate)
    axes.plot(places, rates, ".", color=look(method)["color"], markersize=4)
