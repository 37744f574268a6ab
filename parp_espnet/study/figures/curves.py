"""Phone error rate against sparsity, a line for each method."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.pruning.methods import row_of
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import (
    KINDS,
    MARKERS,
    METHODS,
    add_legend,
    look,
    schedule_panels,
    shade,
)
from parp_espnet.study.names import decoding_of, decodings, rate_of, upstream_names
from parp_espnet.study.variants import Differences

APART = 0.03
"""Sparsity between the bars of two methods."""
type Means = tuple[float, float, float]
type Lines = dict[tuple[str, str], list[Result]]
"""Results by their method, and what else is their line's."""


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
    own = _with_curves(results)
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
    places = _places(lines.values())
    for axes, language, freeze in panels:
        _panel(axes, lines.get((language, freeze), {}), places)
    add_legend(figure)
    return figure


def _with_curves(results: Sequence[Result]) -> list[Result]:
    """The results whose masks are their own, of each method's first interval alone."""
    own = []
    usual: dict[str, int | None] = {}
    for result in results:
        arm = arm_of(result)
        if result.method not in METHODS or not arm.own or arm.row.given:
            continue
        if result.interval == usual.setdefault(result.method, result.interval):
            own.append(result)
    return own


def _with_several_sparsities(results: Sequence[Result]) -> list[str]:
    """The languages that are pruned to several of them, in the results' order."""
    sparsities: dict[str, set[float]] = {}
    for result in results:
        pruned = sparsities.setdefault(result.language or "", set())
        if arm_of(result).prunes:
            pruned.add(result.sparsity_target)
    return [language for language, pruned in sparsities.items() if len(pruned) > 1]


def lines_of(results: Sequence[Result]) -> list[str]:
    """Return what tells each result's line from others of its method: everything that differs but
    the seed.
    """
    apart = Differences.of(results)
    upstreams = upstream_names(result.upstream for result in results)
    several_decodings = len(decodings(results)) > 1
    updates: dict[tuple[str, str | None], set[int]] = {}
    for result in results:
        updates.setdefault((result.method, result.language), set()).add(result.updates)
    # In all languages, where it is so in one: a line has one name in the legend of all panels.
    several_updates = {method for (method, _), numbers in updates.items() if len(numbers) > 1}
    named = []
    for result in results:
        words = [apart.all(result)]
        if len(upstreams) > 1:
            words.append(upstreams[result.upstream])
        if result.method in several_updates:
            words.append(f"{result.updates} updates")
        if several_decodings:
            words.append(decoding_of(result))
        named.append(", ".join(filter(None, words)))
    return named


def _places(panels: Iterable[Lines]) -> dict[tuple[str, str], int]:
    """The place of each line among those of its method: in all panels the same, whichever lines a
    panel has, as they share a legend.
    """
    places: dict[tuple[str, str], int] = {}
    counts: Counter[str] = Counter()
    for key in dict.fromkeys(chain.from_iterable(panels)):
        places[key] = counts[key[0]]
        counts[key[0]] += 1
    return places


def _panel(axes: Axes, lines: Lines, places: Mapping[tuple[str, str], int]) -> None:
    # In the methods' order; those of a method are in the results'.
    in_order = sorted(lines, key=lambda key: METHODS.index(key[0]))
    means = {}
    single = []
    for key in in_order:
        means[key] = _means(lines[key])
        if len(means[key]) == 1 and row_of(key[0]).prunes:
            single.append(key)
    for method in METHODS:
        own = [key for key in in_order if key[0] == method]
        for key in own:
            label = ", ".join(filter(None, key))
            style = _style(method, places[key])
            if not row_of(method).prunes:
                _across(axes, means[key], label, style)
            elif key in single:
                beside = APART * (single.index(key) - (len(single) - 1) / 2)
                _bar(axes, label, means[key], beside, style)
            else:
                _line(axes, label, means[key], style)
        _seeds(axes, method, [lines[key] for key in own])
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)


def _style(method: str, place: int) -> dict[str, Any]:
    """A method's colour and marker; of its lines but the first, another marker and another kind of
    line.
    """
    style = look(method)
    if not place:
        return style
    marker = MARKERS[(MARKERS.index(style["marker"]) + place) % len(MARKERS)]
    # A bar shows no kind of line.
    colour = shade(style["color"], place // len(MARKERS))
    kind = KINDS[(place - 1) % len(KINDS)]
    return {**style, "color": colour, "marker": marker, "linestyle": kind}


def _across(axes: Axes, means: dict[float, Means], label: str, style: dict[str, Any]) -> None:
    rate, low, high = means[min(means)]
    axes.axhline(
        rate, label=label, color=style["color"], linewidth=1, linestyle=style.get("linestyle", "-")
    )
    axes.axhspan(low, high, color=style["color"], alpha=0.08, linewidth=0)


def _means(results: Sequence[Result]) -> dict[float, Means]:
    """The error rate and its interval's ends at each sparsity, ascending, in percent: means over
    seeds.
    """
    rates: dict[float, list[tuple[float, float, float]]] = {}
    for result in sorted(results, key=lambda result: result.sparsity_target):
        rates.setdefault(result.sparsity_target, []).append((result.error_rate, *result.ci95))
    means: dict[float, Means] = {}
    for sparsity, several in rates.items():
        rate, low, high = map(fmean, zip(*several, strict=True))
        means[sparsity] = 100 * rate, 100 * low, 100 * high
    return means


def _line(axes: Axes, label: str, means: dict[float, Means], style: dict[str, Any]) -> None:
    rates, low, high = zip(*means.values(), strict=True)
    axes.plot(list(means), rates, label=label, markersize=4, linewidth=1.3, **style)
    axes.fill_between(list(means), low, high, color=style["color"], alpha=0.15, linewidth=0)


def _bar(
    axes: Axes, label: str, means: dict[float, Means], beside: float, style: dict[str, Any]
) -> None:
    ((sparsity, (rate, low, high)),) = means.items()
    spread = [[rate - low], [high - rate]]
    axes.errorbar(
        [sparsity + beside], [rate], spread, label=label, markersize=4, capsize=3, **style
    )


def _seeds(axes: Axes, method: str, lines: Sequence[Sequence[Result]]) -> None:
    """Every seed, at sparsities that have several in their line."""
    sparsities, rates = [], []
    for line in lines:
        counts = Counter(result.sparsity_target for result in line)
        for result in line:
            if counts[result.sparsity_target] > 1:
                sparsities.append(result.sparsity_target)
                rates.append(100 * result.error_rate)
    axes.plot(sparsities, rates, ".", color=look(method)["color"], markersize=4)
