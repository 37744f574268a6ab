"""Phone error rate against sparsity, a line for each method."""

from collections.abc import Sequence
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.figures.style import METHODS, add_legend, look, schedule_panels
from parp_espnet.study.names import method_of, rate_of

APART = 0.03
"""Sparsity between the bars of two methods."""


def curves(results: Sequence[Result]) -> Figure | None:
    """Draw a panel for each language with several sparsities, and a row of them for each number of frozen updates.

    A line goes through the means over seeds, which are dots where there are several; its band is their intervals'.
    Where a method has one sparsity only, that is a bar, and such methods are beside each other. The dense model is a
    line across. Masks from elsewhere, and intervals of adjusting but the first, are left out.
    """
    own = [
        one for one in results if one.method in METHODS and one.method != "transfer" and method_of(one) == one.method
    ]
    usual = {one.method: one.interval for one in reversed(own)}
    own = [one for one in own if one.interval == usual[one.method]]
    languages = [name for name in dict.fromkeys(one.language or "" for one in own) if _several(own, name)]
    if not languages:
        return None
    frozen = sorted({one.freeze_updates for one in own if (one.language or "") in languages})
    figure, panels = schedule_panels(languages, frozen, "sparsity", f"{rate_of(own).long} (%)")
    for axes, language, freeze in panels:
        _panel(axes, [one for one in own if (one.language or "") == language and one.freeze_updates == freeze])
    add_legend(figure)
    return figure


def _panel(axes: Axes, results: Sequence[Result]) -> None:
    means = {method: _means([one for one in results if one.method == method]) for method in METHODS}
    single = [method for method, found in means.items() if len(found) == 1 and method != "dense"]
    for method, found in means.items():
        if found and method == "dense":
            colour = look(method)["color"]
            ((rate, low, high),) = found.values()
            axes.axhline(rate, label=method, color=colour, linewidth=1)
            axes.axhspan(low, high, color=colour, alpha=0.08, linewidth=0)
        elif method in single:
            _bar(axes, method, found, APART * (single.index(method) - (len(single) - 1) / 2))
        elif found:
            _line(axes, method, found)
        _seeds(axes, method, [one for one in results if one.method == method])
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)


def _means(results: Sequence[Result]) -> dict[float, tuple[float, float, float]]:
    """The error rate and its interval's ends at each sparsity, ascending, in percent: means over seeds."""
    found: dict[float, list[tuple[float, float, float]]] = {}
    for one in sorted(results, key=lambda one: one.sparsity_target):
        found.setdefault(one.sparsity_target, []).append((one.error_rate, *one.ci95))
    means: dict[float, tuple[float, float, float]] = {}
    for sparsity, several in found.items():
        rate, low, high = (100 * fmean(column) for column in zip(*several, strict=True))
        means[sparsity] = rate, low, high
    return means


def _line(axes: Axes, method: str, means: dict[float, tuple[float, float, float]]) -> None:
    rates, low, high = zip(*means.values(), strict=True)
    axes.plot(list(means), rates, label=method, markersize=4, linewidth=1.3, **look(method))
    axes.fill_between(list(means), low, high, color=look(method)["color"], alpha=0.15, linewidth=0)


def _bar(axes: Axes, method: str, means: dict[float, tuple[float, float, float]], beside: float) -> None:
    ((sparsity, (rate, low, high)),) = means.items()
    spread = [[rate - low], [high - rate]]
    axes.errorbar([sparsity + beside], [rate], spread, label=method, markersize=4, capsize=3, **look(method))


def _seeds(axes: Axes, method: str, results: Sequence[Result]) -> None:
    """Every seed, at sparsities that have several."""
    several = [one for one in results if sum(other.sparsity_target == one.sparsity_target for other in results) > 1]
    dots = [one.sparsity_target for one in several], [100 * one.error_rate for one in several]
    axes.plot(*dots, ".", color=look(method)["color"], markersize=4)


def _several(results: Sequence[Result], language: str) -> bool:
    pruned = {one.sparsity_target for one in results if (one.language or "") == language and one.method != "dense"}
    return len(pruned) > 1
