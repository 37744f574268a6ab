"""How masks move: how many weights change sides at each prune, how far the mask has gone, and what
it is worth.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm, arm_of
from parp_espnet.study.evidence import Adjusting
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import (
    COLOURS,
    MARKERS,
    PANEL,
    add_legend,
    look,
    schedule_title,
)
from parp_espnet.study.names import rate_of
from parp_espnet.study.variants import Differences

MOST = 8
"""Lines of a panel, beyond which nobody could follow one."""
FIXED = {Arm("parp"): Arm("mpi"), Arm("parp", first="random"): Arm("rp")}
"""What adjusts → what keeps the same first mask."""


class Condition(NamedTuple):
    """What the results of a panel have in common."""

    language: str
    upstream: str
    frozen: int
    """Updates."""
    sparsity: float
    updates: int
    more: str
    """What else differs in the study, in words."""


def draw(findings: Findings) -> Drawn:
    """Draw how masks move."""
    caption = "Weights that change sides at each prune, and how far masks go."
    return drawn("adjusting", caption, adjusting(findings.evidence.adjustings))


def draw_intervals(findings: Findings) -> Drawn:
    """Draw error rates against the interval."""
    caption = (
        f"{findings.title} against the interval of adjusting; lines are means over seeds, dots "
        f"the seeds."
    )
    return drawn("intervals", caption, intervals(findings.results))


def adjusting(adjustings: Sequence[Adjusting]) -> Figure | None:
    """Draw, for the first language, every distinct way of adjusting at its highest sparsity,
    against updates.
    """
    ways: dict[str, Adjusting] = {}
    for run in sorted(adjustings, key=lambda run: (-run.sparsity, run.method, run.interval)):
        if run.language == adjustings[0].language and len(run.steps) > 2:
            ways.setdefault(f"{run.line}, n = {run.interval}", run)
    if not ways:
        return None
    first = next(iter(ways.values()))
    lines: dict[str, Adjusting] = {}
    for label, run in list(ways.items())[:MOST]:
        # The title has the highest sparsity of all.
        of_another = run.sparsity != first.sparsity
        lines[f"{label}, sparsity {run.sparsity:g}" if of_another else label] = run
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    flips, overlap = figure.subplots(1, 2)
    for number, (label, run) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        # The first prune makes the mask; nothing changes sides.
        flips.plot(run.steps[1:], run.flips[1:], color=colour, linewidth=1.1, label=label)
        overlap.plot(run.steps, run.iou_initial, color=colour, linewidth=1.1, label=label)
        overlap.plot(
            run.steps[-1],
            run.iou_initial[-1],
            MARKERS[number % len(MARKERS)],
            color=colour,
            markersize=4,
        )
    flips.set_yscale("symlog", linthresh=1)
    # A mask that stays is a line at 0, one that grows evenly a line at the top: off the axes.
    most = max(max(run.flips[1:], default=0) for run in lines.values())
    flips.set_ylim(bottom=-0.2, top=max(1, 2 * most))
    # A mask that stays is a line at 1, not a scale of ten-thousandths.
    lowest = min(overlap.get_ylim()[0], 0.999)
    overlap.set_ylim(bottom=lowest, top=1 + (1 - lowest) / 20)
    flips.set_ylabel("weights that change sides at a prune")
    overlap.set_ylabel("IOU with the first mask")
    for axes in (flips, overlap):
        axes.set_xlabel("updates")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
    title = f"{first.language}, sparsity {first.sparsity:g}"
    if len(ways) > MOST:
        title += f"; {MOST} of {len(ways)} ways"
    flips.set_title(title, fontsize="medium")
    add_legend(figure)
    return figure


def intervals(results: Sequence[Result]) -> Figure | None:
    """Draw the error rate against the interval n, a panel for each condition with three or more of
    them.

    A condition is a language, an upstream, a number of frozen updates, a sparsity, a number of
    updates, and whatever else differs.
    At the right is the mask that never moves. A line goes through the means over seeds, which are
    dots.
    """
    conditions: dict[Condition, list[Result]] = {}
    apart = Differences.of(results)
    for result in results:
        condition = Condition(
            result.language or "",
            result.upstream,
            result.freeze_updates,
            result.sparsity_target,
            result.updates,
            apart.all(result),
        )
        conditions.setdefault(condition, []).append(result)
    panels = [condition for condition, here in conditions.items() if len(_intervals_of(here)) > 2]
    if not panels:
        return None
    figure = Figure(figsize=(PANEL[0] * len(panels) + 1.6, PANEL[1]), layout="constrained")
    several_upstreams = len({condition.upstream for condition in panels}) > 1
    frozen = sorted({condition.frozen for condition in panels})
    several_updates = len({condition.updates for condition in panels}) > 1
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, condition in zip(all_axes, panels, strict=True):
        _sweep(axes, conditions[condition])
        speech = condition.language
        if several_upstreams:
            speech += f", {condition.upstream}"
        title = f"{schedule_title(speech, condition.frozen, frozen)}, "
        title += f"sparsity {condition.sparsity:g}"
        if several_updates:
            title += f", {condition.updates} updates"
        if condition.more:
            title += f", {condition.more}"
        axes.set_title(title, fontsize="medium")
    figure.axes[0].set_ylabel(f"{rate_of(results).long} (%)")
    add_legend(figure)
    return figure


def _intervals_of(results: Sequence[Result]) -> list[int]:
    """The intervals of what adjusts, ascending."""
    intervals = set()
    for result in results:
        if result.interval is not None and arm_of(result).kind in FIXED:
            intervals.add(result.interval)
    return sorted(intervals)


def _sweep(axes: Axes, results: Sequence[Result]) -> None:
    steps = _intervals_of(results)
    for arm, fixed in FIXED.items():
        rates: dict[int, list[float]] = {}
        for place, step in enumerate(steps):
            for result in results:
                if arm_of(result).kind == arm and result.interval == step:
                    rates.setdefault(place, []).append(100 * result.error_rate)
        for result in results:
            if arm_of(result).kind == fixed:
                rates.setdefault(len(steps), []).append(100 * result.error_rate)
        _through(axes, rates, arm, fixed)
    axes.set_xticks(range(len(steps) + 1), [*map(str, steps), "never"])
    axes.set_xlabel("updates between two prunes")
    axes.set_ylim(bottom=0)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)


def _through(axes: Axes, rates: Mapping[int, Sequence[float]], arm: Arm, fixed: Arm) -> None:
    """A line of its own kind, as the two methods have one colour."""
    if not rates:
        return
    style = look(arm.method) | {"color": look(fixed.method)["color"]}
    label = f"{arm.name}; fixed: {fixed.name}"
    axes.plot(
        list(rates),
        list(map(fmean, rates.values())),
        linewidth=1.3,
        markersize=5,
        label=label,
        **style,
    )
    for place, several in rates.items():
        axes.plot([place] * len(several), several, ".", color=style["color"], markersize=4)
