"""Heat maps with the numbers in their cells."""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

CELL = 0.52
"""Inches of a cell."""
LETTER = 0.07
"""Inches of a letter of a row's name."""
TITLE_LETTER, TITLE_LINE = 0.08, 0.18
"""Inches of a letter and a line of the title."""


def heat_map(
    values: NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    row_label: str = "",
    column_label: str = "",
    centre: float | None = None,
    limits: tuple[float, float] | None = None,
    digits: int = 2,
    bold: NDArray[np.bool_] | None = None,
) -> Figure:
    """Draw a matrix (rows, columns); NaN is left empty.

    Args:
        centre: the value between two colours, such as 1 for ratios; by default one colour grows
            darker.
        limits: values of the first and the last colour, where they are not the lowest and the
            highest that there are.
        digits: after the point, in the cells.
        bold: (rows, columns), the cells whose numbers are bold.
    """
    width = max(1.6, 0.6 + LETTER * max(map(len, rows))) + CELL * len(columns)
    height = 1.5 + CELL * len(rows)
    lines = wrap(title, int(width / TITLE_LETTER))
    figure = Figure(figsize=(width, height + TITLE_LINE * (len(lines) - 1)), layout="compressed")
    axes = figure.subplots()
    low, high = limits or _range(values, centre)
    colours = "cividis" if centre is None else "PuOr_r"
    axes.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="equal")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = _ink(value, low, high, centre)
            weight = "bold" if bold is not None and bold[row, column] else "normal"
            text = f"{value:.{digits}f}"
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=7.5,
                color=ink,
                fontweight=weight,
            )
    rotation = 0 if max(map(len, columns)) < 5 else 90
    axes.set_xticks(range(len(columns)), columns, rotation=rotation)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(column_label)
    axes.set_ylabel(row_label)
    if TITLE_LETTER * len(title) < CELL * len(columns):
        axes.set_title(title, fontsize="medium")
    else:
        figure.suptitle("\n".join(lines), fontsize="medium")
    for edge in axes.spines.values():
        edge.set_visible(False)
    axes.tick_params(length=0)
    return figure


def _range(values: NDArray[np.float64], centre: float | None) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if centre is None and low < high:
        return low, high
    if centre is None:
        return low - 0.5, high + 0.5
    reach = max(high - centre, centre - low, 1e-6)
    return centre - reach, centre + reach


def _ink(value: float, low: float, high: float, centre: float | None) -> str:
    """Black on light cells, white on dark ones."""
    place = (value - low) / (high - low)
    dark = place < 0.5 if centre is None else abs(place - 0.5) > 0.33
    return "white" if dark else "black"
