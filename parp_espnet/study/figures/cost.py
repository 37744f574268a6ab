"""Phone error rate against what it costs, all finetunings that a method needs counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.pruning.methods import row_of
from parp_espnet.study.evidence import Cost
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import (
    MARKERS,
    METHODS,
    add_legend,
    look,
    schedule_panels,
    shade,
    turn_near_ticks,
)
from parp_espnet.study.names import upstream_names

APART = 0.06
"""Between methods of the same cost, in widths of a panel, where there is room."""
ROOM = 1.25
"""The panel's width at least, in updates of the costliest, beside which there may be others."""
LABEL = 0.05
"""What a label takes, in heights of a panel; where another has it, a point has none."""
NO_NAMES: Mapping[str, str] = {}
type Mean = tuple[float, float, float]
"""A point's error rate in percent, its place in updates, and its sparsity."""


def draw(findings: Findings) -> Drawn:
    """Draw error rates against what they cost."""
    caption = (
        f"{findings.title} against updates of all finetunings, what costs the same in a band "
        f"around its tick; points are means over seeds, numbers sparsities."
    )
    upstreams = upstream_names(result.upstream for result in findings.results)
    figure = cost(findings.evidence.costs, findings.rate.long, upstreams)
    return drawn("cost", caption, figure)


def cost(
    runs: Sequence[Cost], rate: str = "phone error rate", upstreams: Mapping[str, str] = NO_NAMES
) -> Figure | None:
    """Draw a panel for each language with several methods, and a row of them for each number of
    frozen updates.

    Points are means over seeds, labelled with their sparsity where there are several; those of the
    same cost are beside each other, in a band around it. Masks from elsewhere and joint runs are
    left out. `rate` is what the error rate is called, `upstreams` what each upstream is.
    """
    own = []
    for run in runs:
        if run.who.own:
            own.append(replace(run, method=_called(run, upstreams), arm=run.who))
    methods: dict[str, set[str]] = {}
    sparsities: set[float] = set()
    for run in own:
        methods.setdefault(run.language, set()).add(run.method)
        if run.who.prunes:
            sparsities.add(run.sparsity)
    languages = [language for language, several in methods.items() if len(several) > 2]
    if not languages:
        return None
    shown = [run for run in own if run.language in languages]
    frozen = sorted({run.freeze_updates for run in shown})
    costs = sorted({run.updates for run in shown})
    width = _width(costs[-1], len({run.method for run in shown if run.updates == costs[-1]}))
    figure, panels = schedule_panels(languages, frozen, "updates of all finetunings", f"{rate} (%)")
    # Of all panels, which share a legend: a point looks the same in each.
    bare = {run.method: run.who.method for run in shown}
    for axes, language, freeze in panels:
        here = [run for run in shown if (run.language, run.freeze_updates) == (language, freeze)]
        _panel(axes, here, bare, labelled=len(sparsities) > 1, width=width)
        # Of all panels, since these share an axis.
        axes.set_xticks(costs)
        turn_near_ticks(axes, costs, width)
    add_legend(figure)
    return figure


def _called(run: Cost, upstreams: Mapping[str, str]) -> str:
    """What a point is called: all that it differs in from others, but sparsity, seed and cost."""
    line = run.line
    for label, name in upstreams.items():
        line = line.replace(label, name)
    if run.who.interval is None:
        return line
    return f"{line}, n = {run.who.interval}"


def _panel(
    axes: Axes, runs: Sequence[Cost], bare: Mapping[str, str], labelled: bool, width: float
) -> None:
    rates: dict[str, dict[tuple[float, int], list[float]]] = {}
    at_cost: dict[int, set[str]] = {}
    for run in runs:
        points = rates.setdefault(run.method, {})
        points.setdefault((run.sparsity, run.updates), []).append(100 * run.error_rate)
        at_cost.setdefault(run.updates, set()).add(run.method)
    apart = _apart({updates: len(methods) for updates, methods in at_cost.items()}, width)
    means: dict[str, list[Mean]] = {}
    for method, points in rates.items():
        for (sparsity, updates), several in points.items():
            place = updates + width * apart * _beside(method, at_cost[updates])
            means.setdefault(method, []).append((fmean(several), place, sparsity))
    height = 1.1 * max((mean for mean, _, _ in chain.from_iterable(means.values())), default=1.0)
    for method in sorted(means, key=_order):
        own = sorted(means[method])
        heights, places, _ = zip(*own, strict=True)
        axes.plot(places, heights, linestyle="", label=method, markersize=5, **_look(method, bare))
        if labelled and row_of(bare[method]).prunes:
            _label(axes, own, height)
    for updates in sorted(at_cost):
        reach = len(at_cost[updates]) / 2 * apart * width
        axes.axvspan(updates - reach, updates + reach, color="0.95", zorder=0, linewidth=0)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)


def _label(axes: Axes, points: Sequence[Mean], height: float) -> None:
    """Write the sparsities beside points, from the lowest, where there is room."""
    last: dict[float, float] = {}
    for mean, place, sparsity in points:
        if mean - last.get(place, -height) > LABEL * height:
            axes.annotate(
                f"{sparsity:g}", (place, mean), xytext=(4, 0), textcoords="offset points",
                fontsize=6, va="center",
                color="0.4",
            )  # fmt: skip
            last[place] = mean


def _beside(method: str, methods: Iterable[str]) -> float:
    """How far a method is moved from its cost, in places, since others have the same."""
    same = sorted(methods, key=_order)
    return same.index(method) - (len(same) - 1) / 2


def _width(costliest: int, methods: int) -> float:
    """A panel's width in updates, in which so many methods have room beside the costliest tick."""
    half = min(methods * APART / 2, 0.5)
    return costliest * max(ROOM, 1 / (1 - half))


def _apart(at_cost: Mapping[int, int], width: float) -> float:
    """What is between methods of the same cost, in widths of a panel: less where bands would
    overlap, or be cut.

    Args:
        at_cost: how many methods have a cost.
    """
    costs = sorted(at_cost)
    rooms = [2 * costs[0] / at_cost[costs[0]], 2 * (width - costs[-1]) / at_cost[costs[-1]]]
    for lower, higher in pairwise(costs):
        rooms.append(2 * (higher - lower) / (at_cost[lower] + at_cost[higher]))
    return min(APART, min(rooms) / width)


def _look(name: str, bare: Mapping[str, str]) -> dict[str, Any]:
    """A method's colour and marker; where it has other options, another marker, which is hollow,
    and beyond as many as there are markers another shade.
    """
    style = look(bare[name])
    if name == bare[name]:
        return style
    others = [other for other, method in bare.items() if method == bare[name] != other]
    number = others.index(name)
    place = MARKERS.index(style["marker"]) + 1 + number
    return {
        "color": shade(style["color"], number // len(MARKERS)),
        "marker": MARKERS[place % len(MARKERS)],
        "markerfacecolor": "none",
    }


def _order(method: str) -> tuple[int, str]:
    if method not in METHODS:
        return len(METHODS), method
    return METHODS.index(method), method
