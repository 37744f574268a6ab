"""Phone error rates with their intervals, by language and arm: what a small study has to show."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of, is_joint, is_total
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import COLOURS, MARKERS, add_legend, make_room
from parp_espnet.study.names import (
    amounts,
    decoding_of,
    is_text,
    method_of,
    rate_of,
    upstream_names,
)
from parp_espnet.study.variants import Differences

MOST = 60
"""With more points than these, curves and matrices say more."""
SCALES = 3.0
"""Where one language has so many times the errors of another, each has a scale of its own."""
MOST_IN_A_ROW = 6
"""Languages with scales of their own: more would be too small to be read in a page."""
ROWS_WIDE = 9.0
"""Inches that several rows have at the least."""
type Part = Callable[[Result], str]
OF_A_METHOD: tuple[Part, ...] = (
    lambda result: f"n = {result.interval}",
    lambda result: f"sparsity {result.sparsity_target:g}",
    lambda result: f"{result.updates} updates",
    lambda result: f"{result.freeze_updates} frozen",
)
"""What tells the arms of a method apart, where they differ in it."""


def draw(findings: Findings) -> Drawn:
    """Draw every result."""
    caption = f"{findings.title} on the test set, with 95 % intervals."
    return drawn("per", caption, points(findings.results))


def points(results: Sequence[Result]) -> Figure | None:
    """Draw every result as a point with its interval; where there are too many, joint runs with
    one of all their languages together.

    Languages share a scale, unless their errors are of very different sizes: then each has a panel,
    in which its arms can be told apart.
    """
    if len(results) > MOST:
        results = [result for result in results if is_total(result) or not is_joint(result)]
    if not 0 < len(results) <= MOST:
        return None
    languages = list(dict.fromkeys(result.language for result in results))
    called = arms_of(results)
    arms = list(dict.fromkeys(called))
    panels = [[language] for language in languages] if _scales(results) > SCALES else [languages]
    width = max(3.5, 0.22 * len(languages) * len(arms)) + 0.6 * (len(panels) - 1)
    figure = Figure(figsize=(3.0 + width, 3.8), layout="constrained")
    places = _places(figure, panels)
    what = "task" if is_text(results) else "language"
    for axes, shown in zip(places, panels, strict=True):
        _draw_panel(axes, shown, arms, list(zip(results, called, strict=True)))
        axes.set_xlabel(what)
    places[0].set_ylabel(f"{rate_of(results).long} (%), 95 % interval")
    title = _title(results)
    if len(panels) == 1:
        places[0].set_title(title, fontsize="medium")
    else:
        # On the left: behind the panels stands the legend.
        said = f"{title}\neach {what} on a scale of its own"
        figure.suptitle(said, x=0.01, horizontalalignment="left", fontsize="medium")
    make_room(figure, arms)
    add_legend(figure, arms, frame=False)
    return figure


def _places(figure: Figure, panels: Sequence[Sequence[str | None]]) -> list[Axes]:
    """Divide a figure, which is as wide as all panels in one row, into a place for each; more than
    `MOST_IN_A_ROW` take rows, each as high as the figure was.
    """
    rows = -(-len(panels) // MOST_IN_A_ROW)
    columns = -(-len(panels) // rows)
    if rows > 1:
        figure.set_figwidth(max(ROWS_WIDE, figure.get_figwidth() / rows))
        figure.set_figheight(figure.get_figheight() * rows)
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    return places[: len(panels)]


def _scales(results: Sequence[Result]) -> float:
    """How many times the largest error rate of one language is that of another one."""
    largest: dict[str | None, float] = {}
    for result in results:
        before = largest.get(result.language, 0.0)
        largest[result.language] = max(before, result.error_rate)
    smallest = min(largest.values(), default=0.0)
    return max(largest.values()) / smallest if smallest > 0 else 1.0


def _draw_panel(
    axes: Axes,
    languages: Sequence[str | None],
    arms: Sequence[str],
    results: Sequence[tuple[Result, str]],
) -> None:
    """Draw the results of some languages."""
    there = {name for result, name in results if result.language in languages}
    shown = [arm for arm in arms if arm in there]
    width = 0.8 / len(shown)
    for number, arm in enumerate(arms):
        if arm not in there:
            continue
        beside = (shown.index(arm) - (len(shown) - 1) / 2) * width
        places, rates, below, above = [], [], [], []
        for result, name in results:
            if name != arm or result.language not in languages:
                continue
            low, high = result.ci95
            rate = 100 * result.error_rate
            places.append(languages.index(result.language) + beside)
            rates.append(rate)
            below.append(rate - 100 * low)
            above.append(100 * high - rate)
        axes.errorbar(
            places,
            rates,
            yerr=[below, above],
            # Beyond as many as there are colours, a colour has another marker.
            fmt=MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
            capsize=3,
            color=COLOURS[number % len(COLOURS)],
            label=arm,
        )
    for edge in range(1, len(languages)):
        axes.axvline(edge - 0.5, color="0.8", linewidth=0.8)
    axes.set_xticks(range(len(languages)), [language or "" for language in languages])
    axes.set_xlim(-0.5, len(languages) - 0.5)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)


def arms_of(results: Sequence[Result]) -> list[str]:
    """Return what each result's arm is called: its method, and of the rest what differs in the
    study or the method.
    """
    methods = list(map(method_of, results))
    upstreams = upstream_names(result.upstream for result in results)
    before = _differing(results, (lambda result: upstreams[result.upstream],))
    after = _differing(results, (decoding_of,))
    apart = Differences.of(results)
    by_method: dict[str, list[Result]] = {}
    for result, method in zip(results, methods, strict=True):
        by_method.setdefault(method, []).append(result)
    own = {method: _differing(several, OF_A_METHOD) for method, several in by_method.items()}
    arms = []
    for result, method in zip(results, methods, strict=True):
        parts = (*before, method_of, apart.all, *own[method], *after)
        words = [say(result) for say in parts]
        arms.append(", ".join(filter(None, words)))
    return arms


def _differing(results: Sequence[Result], parts: Sequence[Part]) -> list[Part]:
    return [say for say in parts if len(set(map(say, results))) > 1]


def _title(results: Sequence[Result]) -> str:
    upstreams: dict[str, None] = {}
    sparsities: set[str] = set()
    for result in results:
        upstreams[result.upstream] = None
        if arm_of(result).prunes:
            sparsities.add(f"{result.sparsity_target:g}")
    sparsity = f"sparsity {', '.join(sorted(sparsities))}" if sparsities else "dense"
    # Several are told by the arms.
    upstream = [*upstream_names(upstreams).values()] if len(upstreams) == 1 else []
    return "; ".join([*upstream, amounts(results), sparsity])
