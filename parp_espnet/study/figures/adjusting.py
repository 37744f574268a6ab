"""How masks move: how many weights change sides at each prune, and how far the mask has gone from its first."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from parp_espnet.study.evidence import Adjusting
from parp_espnet.study.figures.style import COLOURS, MARKERS, add_legend

MOST = 8
"""Lines of a panel, beyond which nobody could follow one."""


def adjusting(found: Sequence[Adjusting]) -> Figure | None:
    """Draw, for the first language, every distinct way of adjusting at its highest sparsity, against updates."""
    language = found[0].language if found else ""
    here = [one for one in found if one.language == language and len(one.steps) > 2]
    lines: dict[str, Adjusting] = {}
    for one in sorted(here, key=lambda one: -one.sparsity):
        lines.setdefault(f"{one.method}, n = {one.interval}", one)
    if not lines:
        return None
    figure = Figure(figsize=(8.6, 3.2), layout="constrained")
    flips, overlap = figure.subplots(1, 2)
    for number, (label, one) in enumerate(sorted(lines.items())[:MOST]):
        colour = COLOURS[number % len(COLOURS)]
        # The first prune makes the mask; nothing changes sides.
        flips.plot(one.steps[1:], one.flips[1:], color=colour, linewidth=1.1, label=label)
        overlap.plot(one.steps, one.iou_initial, color=colour, linewidth=1.1, label=label)
        overlap.plot(one.steps[-1], one.iou_initial[-1], MARKERS[number % len(MARKERS)], color=colour, markersize=4)
    flips.set_yscale("symlog", linthresh=1)
    flips.set_ylim(bottom=0, top=None if flips.get_ylim()[1] >= 1 else 1)
    # A mask that stays is a line at 1, not a scale of ten-thousandths.
    overlap.set_ylim(bottom=min(overlap.get_ylim()[0], 0.999), top=1 + (1 - min(overlap.get_ylim()[0], 0.999)) / 20)
    flips.set_ylabel("weights that change sides at a prune")
    overlap.set_ylabel("IOU with the first mask")
    for axes in (flips, overlap):
        axes.set_xlabel("updates")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
    flips.set_title(f"{language}, sparsity {next(iter(lines.values())).sparsity:g}", fontsize="medium")
    add_legend(figure)
    return figure
