"""Phone error rate against how much a model was trained on, a line for each method."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.lines import (
    Lines,
    draw_line,
    draw_seeds,
    lines_of,
    means_of,
    of_own_masks,
    places_of,
    style_of,
)
from parp_espnet.study.figures.style import METHODS, add_legend, schedule_panels, turn_near_ticks
from parp_espnet.study.names import is_text, rate_of


class Panel(NamedTuple):
    """What a panel is of; all dense models are in each of their language's."""

    language: str
    sparsity: float
    freeze_updates: int


def draw(findings: Findings) -> Drawn:
    """Draw error rates against the amount of data."""
    caption = (
        f"{findings.title} against {_amount_name(findings.results)}, each with the updates of its "
        f"arm; lines are means over seeds, bands their 95 % intervals, dots the seeds."
    )
    return drawn("amounts", caption, amounts(findings.results))


def amounts(results: Sequence[Result]) -> Figure | None:
    """Draw a panel for each language and sparsity with a method that was trained on several
    amounts; the dense model, on as many, is in each.

    A line goes through the means over seeds. Masks from elsewhere, and intervals of adjusting but
    the first, are left out, and so is who was trained on one amount alone.
    """
    lines = _lines(results)
    panels = _panels(lines)
    if not panels:
        return None
    several_frozen = len({panel.freeze_updates for panel in panels}) > 1
    titles = {_title(panel, several_frozen): panel for panel in panels}
    rate = f"{rate_of(results).long} (%)"
    figure, drawn_panels = schedule_panels([*titles], [0], _amount_name(results), rate)
    places = places_of(lines.values())
    tops: dict[str, float] = {}
    for axes, title, _ in drawn_panels:
        panel = titles[title]
        dense = panel._replace(sparsity=0.0)
        _draw(axes, lines.get(dense, {}) | lines[panel], places)
        tops[panel.language] = max(tops.get(panel.language, 0.0), axes.get_ylim()[1])
    for axes, title, _ in drawn_panels:
        # The dense line looks the same in all of a language's.
        axes.set_ylim(0, tops[titles[title].language])
    add_legend(figure)
    return figure


def _amount(result: Result) -> float:
    """Minutes of speech, or examples of a text task; 0 where neither is known."""
    return result.train_minutes or result.train_examples or 0


def _amount_name(results: Sequence[Result]) -> str:
    return "examples" if is_text(results) else "minutes of transcribed speech"


def _lines(results: Sequence[Result]) -> dict[Panel, Lines]:
    """Lines through several amounts, by their panel."""
    own = [result for result in of_own_masks(results) if _amount(result)]
    lines: dict[Panel, Lines] = {}
    for result, line in zip(own, lines_of(own, _amount), strict=True):
        sparsity = result.sparsity_target if arm_of(result).prunes else 0.0
        panel = Panel(result.language or "", sparsity, result.freeze_updates)
        lines.setdefault(panel, {}).setdefault((result.method, line), []).append(result)
    several: dict[Panel, Lines] = {}
    for panel, here in lines.items():
        for key, trained in here.items():
            if len(set(map(_amount, trained))) > 1:
                several.setdefault(panel, {})[key] = trained
    return several


def _panels(lines: dict[Panel, Lines]) -> list[Panel]:
    """Those of sparse models, and of dense ones beside which nothing is pruned."""
    sparse = [panel for panel in lines if panel.sparsity]
    pruned = {(panel.language, panel.freeze_updates) for panel in sparse}
    return [
        panel
        for panel in lines
        if panel.sparsity or (panel.language, panel.freeze_updates) not in pruned
    ]


def _title(panel: Panel, several_frozen: bool) -> str:
    words = [panel.language]
    if panel.sparsity:
        words.append(f"sparsity {panel.sparsity:g}")
    if several_frozen:
        words.append(f"{panel.freeze_updates} frozen updates")
    return ", ".join(filter(None, words))


def _draw(axes: Axes, lines: Lines, places: dict[tuple[str, str], int]) -> None:
    """In the methods' order; those of a method are in the results'."""
    ticks: set[float] = set()
    for key in sorted(lines, key=lambda key: METHODS.index(key[0])):
        means = means_of(lines[key], _amount)
        label = ", ".join(filter(None, key))
        draw_line(axes, label, means, style_of(key[0], places[key]))
        draw_seeds(axes, key[0], [lines[key]], _amount)
        ticks.update(means)
    axes.set_xscale("log")
    shown = sorted(ticks)
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    turn_near_ticks(axes, list(map(math.log, shown)), math.log(shown[-1] / shown[0]))
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
