"""What the figures have in common: colours, markers, and files that are the same bytes for the same
data.
"""

from collections.abc import Sequence
from itertools import batched, pairwise, product
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType as LineType

from parp_espnet.files import atomic_write
from parp_espnet.pruning import methods

# Okabe and Ito's colours, which those who see red and green alike can tell apart; grey for their
# yellow, which lines on white are too light in.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2", "#8C8C8C")
MORE = ("#332288", "#999933", "#44AA99", "#882255", "#CC6677", "#117733", "#AA4499", "#88CCEE")
"""Paul Tol's muted ones, for methods beyond the eighth."""
MARKERS = "osD^vPX*"
KINDS: tuple[LineType, ...] = ("--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
"""Lines beside the whole one: of a method with masks from elsewhere, with other options, or on
another upstream.
"""
DARK = 0.3
"""The brightest channel of a colour that is called dark."""
PANEL = (3.6, 3.2)
"""Inches of a panel of one language and schedule."""
LINE = 0.21
"""Inches that a line of a legend is high."""
LETTER = 0.075
"""Inches that one of its letters is wide."""
NARROWEST, BESIDE = 1.6, 0.9
"""Inches that a legend leaves for a column of panels, and for what is beside all, at least."""
WIDEST = 0.5
"""Share of a figure that a legend beside its panels may take, in width."""
MOST_COLUMNS = 4
"""Panels side by side, beyond which they could not be read in a page."""
TICK = 0.1
"""What a tick's number takes across, in widths of a panel: nearer ones are written upwards."""
METHODS = tuple(methods.METHODS)
"""A method has the same colour and marker in every figure, by its row in the table of them."""


def look(name: str, names: Sequence[str] = METHODS) -> dict[str, Any]:
    """Colour and marker of the method `name`, by its place in `names`."""
    place = names.index(name) if name in names else len(names) + sum(map(ord, name))
    colours = (*COLOURS, *MORE)
    # The ninth colour has the second marker: where one has to do without colours, it is another.
    marker = place + place // len(COLOURS)
    return {"color": colours[place % len(colours)], "marker": MARKERS[marker % len(MARKERS)]}


def shade(colour: str, step: int) -> str:
    """Return a colour itself at step 0, then in turn darker and lighter ones: for more lines of a
    method than there are kinds.
    """
    if not step:
        return colour
    channels = to_rgb(colour)
    if max(channels) < DARK:
        # Nothing is darker.
        towards, amount = 1.0, step / (step + 2)
    else:
        towards, amount = float(step % 2 == 0), 0.45 if step < 3 else 0.7
    mixed = [(1 - amount) * channel + amount * towards for channel in channels]
    return to_hex((mixed[0], mixed[1], mixed[2]))


def schedule_panels(
    languages: Sequence[str], frozen: Sequence[int], x: str, y: str
) -> tuple[Figure, list[tuple[Axes, str, int]]]:
    """Return a figure, and its panels: a column for each language, a row for each number of frozen
    updates.

    Many languages take several rows each.
    `x` and `y` are what the axes are called; columns and rows share the first.
    """
    columns = min(MOST_COLUMNS, len(languages))
    parts = list(product(frozen, batched(languages, columns)))
    size = (PANEL[0] * columns + 1.2, PANEL[1] * len(parts) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    rows = figure.subplots(len(parts), columns, squeeze=False, sharex=True)
    panels = []
    for row, (freeze, part) in zip(rows, parts, strict=True):
        row[0].set_ylabel(y)
        for axes, language in zip(row, part, strict=False):
            axes.set_title(schedule_title(language, freeze, frozen), fontsize="medium")
            panels.append((axes, language, freeze))
        for axes in row[len(part) :]:
            axes.set_axis_off()
    for column in rows.T:
        lowest = [axes for axes in column if axes.axison][-1]
        lowest.set_xlabel(x)
        # Axes that are shared have their numbers in the last row alone, where a panel may be
        # missing.
        lowest.tick_params(labelbottom=True)
    return figure, panels


def schedule_title(language: str, freeze: int, frozen: Sequence[int]) -> str:
    """Name a panel; with its frozen updates where there are several numbers of them."""
    return f"{language}, {freeze} frozen updates" if len(frozen) > 1 else language


def turn_near_ticks(axes: Axes, places: Sequence[float], width: float) -> None:
    """Write the numbers of ticks upwards where two of them would touch; `places` ascend, in a panel
    that is so wide.
    """
    if any(higher - lower < TICK * width for lower, higher in pairwise(places)):
        axes.tick_params(axis="x", labelrotation=90)


def add_legend(figure: Figure, order: Sequence[str] = (), *, frame: bool = True) -> None:
    """Add one legend for all panels, each label once: those of `order` first, as they are there.

    It is beside them, or below them where it is wider than half of the figure, which grows by what
    it needs.
    """
    artists: dict[str, Artist] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        artists |= dict(zip(labels, handles, strict=True))
    labels = [label for label in order if label in artists]
    labels += [label for label in artists if label not in labels]
    shown = [artists[label] for label in labels]
    legend = figure.legend(shown, labels, loc="outside right upper", frameon=frame)
    box = legend.get_window_extent()
    if box.width > WIDEST * figure.get_window_extent().width:
        legend.remove()
        figure.legend(shown, labels, loc="outside lower left", frameon=frame)
        figure.set_figheight(figure.get_figheight() + box.height / figure.dpi + LINE)
        figure.set_figwidth(max(box.width / figure.dpi + LINE, figure.get_figwidth()))
        return
    figure.set_figheight(max(box.height / figure.dpi + LINE, figure.get_figheight()))
    grid = figure.axes[0].get_gridspec()
    narrowest = BESIDE + NARROWEST * (1 if grid is None else grid.ncols)
    figure.set_figwidth(max(box.width / figure.dpi + narrowest, figure.get_figwidth()))


def make_room(figure: Figure, labels: Sequence[str]) -> None:
    """Make a figure as wide as its legend needs, before that is added, where the legend is beside
    it and higher than it is.
    """
    height = LINE * (len(labels) + 1)
    width = LETTER * max(map(len, labels))
    if height > figure.get_figheight() and width <= WIDEST * figure.get_figwidth():
        figure.set_figwidth(figure.get_figwidth() + width)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `name.png` and `name.svg` into `folder`; return them."""
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    for path in paths:
        kind = path.suffix[1:]
        # Names inside an SVG are hashes with a random salt, and it carries the date, unless told
        # otherwise.
        metadata = {"Date": None} if kind == "svg" else None
        with (
            matplotlib.rc_context({"svg.hashsalt": "parp-espnet"}),
            atomic_write(path) as temporary,
        ):
            figure.savefig(temporary, format=kind, dpi=160, metadata=metadata)
    return paths
