"""Phone error rate against sparsity, a line for each method."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.figures.style import METHODS, add_legend, look
from parp_espnet.study.names import rate_of

PANEL = (3.6, 3.2)
"""Inches of one language's panel."""


def curves(results: Sequence[Result]) -> Figure | None:
    """Draw a panel for each language with several sparsities, and a row of them for each number of frozen updates.

    A line goes through the first seed's results, with a band over their intervals; other seeds are dots of their own.
    The dense model is a line across with its band. Masks from elsewhere are left out.
    """
    own = [one for one in results if one.method in METHODS and one.method != "transfer" and not _foreign(one)]
    languages = [name for name in dict.fromkeys(one.language or "" for one in own) if _several(own, name)]
    if not languages:
        return None
    frozen = sorted({one.freeze_updates for one in own if (one.language or "") in languages})
    size = (PANEL[0] * len(languages) + 1.2, PANEL[1] * len(frozen) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(frozen), len(languages), squeeze=False, sharex=True)
    for row, freeze in zip(panels, frozen, strict=True):
        for axes, language in zip(row, languages, strict=True):
            here = [one for one in own if (one.language or "") == language and one.freeze_updates == freeze]
            _panel(axes, here)
            axes.set_title(f"{language}, {freeze} frozen updates" if len(frozen) > 1 else language, fontsize="medium")
    for axes in panels[-1]:
        axes.set_xlabel("sparsity")
    for row in panels:
        row[0].set_ylabel(f"{rate_of(own).long} (%)")
    add_legend(figure)
    return figure


def _panel(axes: Axes, results: Sequence[Result]) -> None:
    dense = [one for one in results if one.method == "dense"]
    if dense:
        first, colour = dense[0], look("dense")["color"]
        axes.axhline(100 * first.error_rate, label="dense", color=colour, linewidth=1)
        axes.axhspan(100 * first.ci95[0], 100 * first.ci95[1], color=colour, alpha=0.08, linewidth=0)
        axes.plot([0] * len(dense[1:]), [100 * one.error_rate for one in dense[1:]], ".", color=colour, markersize=4)
    for method in METHODS:
        if found := [one for one in results if one.method == method and method != "dense"]:
            _line(axes, method, found)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)


def _line(axes: Axes, method: str, results: Sequence[Result]) -> None:
    seed = results[0].seed
    line = sorted((one for one in results if one.seed == seed), key=lambda one: one.sparsity_target)
    at = [one.sparsity_target for one in line]
    axes.plot(at, [100 * one.error_rate for one in line], label=method, markersize=4, linewidth=1.3, **look(method))
    low, high = [100 * one.ci95[0] for one in line], [100 * one.ci95[1] for one in line]
    colour = look(method)["color"]
    axes.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
    others = [one for one in results if one.seed != seed]
    dots = [one.sparsity_target for one in others], [100 * one.error_rate for one in others]
    axes.plot(*dots, ".", color=colour, markersize=4)


def _several(results: Sequence[Result], language: str) -> bool:
    pruned = {one.sparsity_target for one in results if (one.language or "") == language and one.method != "dense"}
    return len(pruned) > 1


def _foreign(result: Result) -> bool:
    return result.initial_mask is not None and not result.initial_mask.startswith(f"{result.recipe}/")
