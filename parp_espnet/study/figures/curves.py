"""Phone error rate against sparsity, a line for each method."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.pruning.methods import row_of
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.lines import (
    Lines,
    Means,
    draw_line,
    draw_seeds,
    lines_of,
    means_of,
    of_own_masks,
    places_of,
    style_of,
)
from parp_espnet.study.figures.style import METHODS, add_legend, schedule_panels
from parp_espnet.study.names import rate_of

APART = 0.03
"""Sparsity between the bars of two methods."""


def draw(findings: Findings) -> Drawn:
    """Draw error rates against sparsity."""
    caption = (
        f"{findings.title} against sparsity; lines are means over seeds, bands or bars their 95 % "
        f"intervals, dots the seeds."
    )
    return drawn("curves", caption, curves(findings.results))


def curves(results: Sequence[Result]) -> Figure | None:
    """Draw a panel for each language with several sparsities, and a row of them for each number of
    frozen updates.

    A line goes through the means over seeds, which are dots where there are several; its band is
    their intervals'.
    Where a method has one sparsity only, that is a bar, and such methods are beside each other. The
    dense model is a line across. Whatever else differs, such as an option or an upstream, makes a
    line of its own. Masks from elsewhere, and intervals of adjusting but the first, are left out.
    """
    own = of_own_masks(results)
    languages = _with_several_sparsities(own)
    if not languages:
        return None
    frozen: set[int] = set()
    lines: dict[tuple[str, int], Lines] = {}
    for result, line in zip(own, lines_of(own), strict=True):
        language, freeze = result.language or "", result.freeze_updates
        if language in languages:
            frozen.add(freeze)
            here = lines.setdefault((language, freeze), {})
            here.setdefault((result.method, line), []).append(result)
    rate = f"{rate_of(own).long} (%)"
    figure, panels = schedule_panels(languages, sorted(frozen), "sparsity", rate)
    places = places_of(lines.values())
    for axes, language, freeze in panels:
        _panel(axes, lines.get((language, freeze), {}), places)
    add_legend(figure)
    return figure


def _with_several_sparsities(results: Sequence[Result]) -> list[str]:
    """The languages that are pruned to several of them, in the results' order."""
    sparsities: dict[str, set[float]] = {}
    for result in results:
        pruned = sparsities.setdefault(result.language or "", set())
        if arm_of(result).prunes:
            pruned.add(result.sparsity_target)
    return [language for language, pruned in sparsities.items() if len(pruned) > 1]


def _panel(axes: Axes, lines: Lines, places: Mapping[tuple[str, str], int]) -> None:
    # In the methods' order; those of a method are in the results'.
    in_order = sorted(lines, key=lambda key: METHODS.index(key[0]))
    means = {}
    single = []
    for key in in_order:
        means[key] = means_of(lines[key], _sparsity)
        if len(means[key]) == 1 and row_of(key[0]).prunes:
            single.append(key)
    for method in METHODS:
        own = [key for key in in_order if key[0] == method]
        for key in own:
            label = ", ".join(filter(None, key))
            style = style_of(method, places[key])
            if not row_of(method).prunes:
                _across(axes, means[key], label, style)
            elif key in single:
                beside = APART * (single.index(key) - (len(single) - 1) / 2)
                _bar(axes, label, means[key], beside, style)
            else:
                draw_line(axes, label, means[key], style)
        draw_seeds(axes, method, [lines[key] for key in own], _sparsity)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)


def _across(axes: Axes, means: dict[float, Means], label: str, style: dict[str, Any]) -> None:
    rate, low, high = means[min(means)]
    axes.axhline(
        rate, label=label, color=style["color"], linewidth=1, linestyle=style.get("linestyle", "-")
    )
    axes.axhspan(low, high, color=style["color"], alpha=0.08, linewidth=0)


def _bar(
    axes: Axes, label: str, means: dict[float, Means], beside: float, style: dict[str, Any]
) -> None:
    ((sparsity, (rate, low, high)),) = means.items()
    spread = [[rate - low], [high - rate]]
    axes.errorbar(
        [sparsity + beside], [rate], spread, label=label, markersize=4, capsize=3, **style
    )


def _sparsity(result: Result) -> float:
    return result.sparsity_target
