"""Phone error rate against what it costs, all finetunings that a method needs counted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.study.evidence import Cost
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import MARKERS, METHODS, add_legend, look, schedule_panels

APART = 0.06
"""Between methods of the same cost, in widths of a panel."""
ROOM = 1.25
"""The panel's width in updates of the costliest, beside which there may be others."""
LABEL = 0.05
"""What a label takes, in heights of a panel; where another has it, a point has none."""


def draw(findings: Findings) -> Drawn:
    """Draw error rates against what they cost."""
    caption = (
        f"{findings.title} against updates of all finetunings, what costs the same in a band "
        f"around its tick; points are means over seeds, numbers sparsities."
    )
    return drawn("cost", caption, cost(findings.evidence.costs, findings.rate.long))


def cost(runs: Sequence[Cost], rate: str = "phone error rate") -> Figure | None:
    """Draw a panel for each language with several methods, and a row of them for each number of
    frozen updates.

    Points are means over seeds, labelled with their sparsity where there are several; those of the
    same cost are beside each other, in a band around it. Masks from elsewhere and joint runs are
    left out. `rate` is what the error rate is called.
    """
    runs = [replace(run, method=_called(run), arm=run.who) for run in runs if run.who.own]
    methods: dict[str, set[str]] = {}
    for run in runs:
        methods.setdefault(run.language, set()).add(run.method)
    languages = [language for language, several in methods.items() if len(several) > 2]
    if not languages:
        return None
    frozen = sorted({run.freeze_updates for run in runs if run.language in languages})
    width = ROOM * max(run.updates for run in runs if run.language in languages)
    several = len({run.sparsity for run in runs if run.who.prunes}) > 1
    figure, panels = schedule_panels(languages, frozen, "updates of all finetunings", f"{rate} (%)")
    for axes, language, freeze in panels:
        here = [run for run in runs if run.language == language and run.freeze_updates == freeze]
        _panel(axes, here, several, width)
        # Of all panels, since these share an axis.
        axes.set_xticks(sorted({run.updates for run in runs if run.language in languages}))
    add_legend(figure)
    return figure


def _called(run: Cost) -> str:
    """What a point is called: all that it differs in from others, but sparsity, seed and cost."""
    return run.line if run.who.interval is None else f"{run.line}, n = {run.who.interval}"


def _panel(axes: Axes, runs: Sequence[Cost], labelled: bool, width: float) -> None:
    rates: dict[tuple[str, float, int], list[float]] = {}
    for run in runs:
        rates.setdefault((run.method, run.sparsity, run.updates), []).append(100 * run.error_rate)
    means = {point: fmean(several) for point, several in rates.items()}
    bare = {run.method: run.who.method for run in runs}
    pruned = {run.method for run in runs if run.who.prunes}
    height = 1.1 * max(means.values(), default=1.0)
    for method in sorted({method for method, _, _ in means}, key=_order):
        points = sorted(
            (mean, _beside(method, updates, list(means)) * width + updates, sparsity)
            for (name, sparsity, updates), mean in means.items()
            if name == method
        )
        heights, places, _ = zip(*points, strict=True)
        axes.plot(places, heights, linestyle="", label=method, markersize=5, **_look(method, bare))
        last: dict[float, float] = {}
        for mean, place, sparsity in points if labelled and method in pruned else ():
            if mean - last.get(place, -height) > LABEL * height:
                axes.annotate(
                    f"{sparsity:g}", (place, mean), xytext=(4, 0), textcoords="offset points",
                    fontsize=6, va="center",
                    color="0.4",
                )  # fmt: skip
                last[place] = mean
    costs = sorted({updates for _, _, updates in means})
    for updates in costs:
        several = len({method for method, _, cost in means if cost == updates})
        reach = several / 2 * APART * width
        axes.axvspan(updates - reach, updates + reach, color="0.95", zorder=0, linewidth=0)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)


def _beside(method: str, updates: int, points: Sequence[tuple[str, float, int]]) -> float:
    """How far a method is moved from its cost, in widths of a panel, since others have the same."""
    same = sorted({name for name, _, cost in points if cost == updates}, key=_order)
    return (same.index(method) - (len(same) - 1) / 2) * APART


def _look(name: str, bare: Mapping[str, str]) -> dict[str, Any]:
    """A method's colour and marker; where it has other options, another marker, and a colour that
    shines through.
    """
    style = look(bare[name])
    if name == bare[name]:
        return style
    others = [other for other, method in bare.items() if method == bare[name] != other]
    place = others.index(name)
    marker = (
        MARKERS[(METHODS.index(bare[name]) + 1 + place) % len(MARKERS)]
        if bare[name] in METHODS
        else "x"
    )
    return {**style, "marker": marker, "markerfacecolor": "none"}


def _order(method: str) -> tuple[int, str]:
    return METHODS.index(method) if method in METHODS else len(METHODS), method
