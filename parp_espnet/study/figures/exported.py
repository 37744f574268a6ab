"""Error rate against what a model weighs, and against what it takes, where it is exported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from parp_espnet.export.costs import Measured
from parp_espnet.scoring.result import Result
from parp_espnet.study.exported import exports_of
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.points import arms_of
from parp_espnet.study.figures.style import (
    COLOURS,
    MARKERS,
    MORE,
    add_legend,
    make_room,
    schedule_panels,
)
from parp_espnet.study.names import rate_of

ROOM = 1.1
"""How far an axis goes, of what is farthest on it."""
MEANS = "points are means over seeds"


@dataclass(frozen=True)
class Point:
    """One file of one experiment."""

    language: str
    arm: str
    measured: Measured


def draw_bytes(findings: Findings) -> Drawn:
    """Draw error rates against bytes."""
    caption = (
        f"{findings.title} against the size of the exported file; a colour is a model, a marker "
        f"what it is exported as; {MEANS}."
    )
    label = "size of the file (MB)"
    figure = exported(findings.results, label, _megabytes, in_octaves=True)
    return drawn("exported_bytes", caption, figure)


def draw_milliseconds(findings: Findings) -> Drawn:
    """Draw error rates against milliseconds."""
    processors: set[str] = set()
    for point in _points(findings.results):
        processors.add(point.measured.processor)
    caption = (
        f"{findings.title} against the time that one thread takes for a second of speech, on "
        f"{', '.join(sorted(processors))}; a colour is a model, a marker what it is exported as; "
        f"{MEANS}."
    )
    label = "time for a second of speech (ms)"
    figure = exported(findings.results, label, _milliseconds)
    return drawn("exported_milliseconds", caption, figure)


def _megabytes(measured: Measured) -> float:
    return measured.bytes / 1e6


def _milliseconds(measured: Measured) -> float:
    return measured.milliseconds


def exported(
    results: Sequence[Result],
    label: str,
    cost: Callable[[Measured], float],
    in_octaves: bool = False,
) -> Figure | None:
    """Draw a panel for each language: what each file of each model gets wrong against what it
    costs. None where nothing was exported.

    Args:
        label: what the axis of costs is called.
        in_octaves: whether it is logarithmic, for what differs by large factors.
    """
    points = _points(results)
    if not points:
        return None
    by_language: dict[str, list[Point]] = {}
    for point in points:
        by_language.setdefault(point.language, []).append(point)
    languages = list(by_language)
    arms = list(dict.fromkeys(point.arm for point in points))
    names = list(dict.fromkeys(point.measured.name for point in points))
    figure, panels = schedule_panels(languages, [0], label, f"{rate_of(results).long} (%)")
    for axes, language, _ in panels:
        _panel(axes, by_language[language], arms, names, cost)
        if in_octaves:
            _in_octaves(axes)
    if not in_octaves:
        # Of all panels, since these share an axis.
        figure.axes[0].set_xlim(0, ROOM * max(cost(point.measured) for point in points))
    _keys(figure.axes[0], arms, names)
    make_room(figure, [*arms, *names])
    add_legend(figure)
    return figure


def _points(results: Sequence[Result]) -> list[Point]:
    points = []
    for result, arm in zip(results, arms_of(results), strict=True):
        for measured in exports_of(result):
            points.append(Point(result.language or "", arm, measured))
    return points


def _panel(
    axes: Axes,
    points: Sequence[Point],
    arms: Sequence[str],
    names: Sequence[str],
    cost: Callable[[Measured], float],
) -> None:
    seeds: dict[tuple[str, str], list[Measured]] = {}
    for point in points:
        seeds.setdefault((point.arm, point.measured.name), []).append(point.measured)
    for (arm, name), files in seeds.items():
        axes.plot(
            fmean(map(cost, files)),
            100 * fmean(file.error_rate for file in files),
            linestyle="",
            marker=_marker(names, name),
            color=_colour(arms, arm),
            markersize=6,
            markerfacecolor=_fill(arms, arm),
            markeredgewidth=1.4,
        )
    axes.set_ylim(0, ROOM * 100 * max(point.measured.error_rate for point in points) or 1.0)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)


def _in_octaves(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.margins(x=0.15)
    # A panel spans less than two powers of ten, mostly: 1, 2 and 5 of each are numbers to read.
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _keys(axes: Axes, arms: Sequence[str], names: Sequence[str]) -> None:
    """Put the legend's words, of colours and of markers, on an axis, without a point."""
    for arm in arms:
        style = "-" if _fill(arms, arm) == "none" else ":"
        axes.plot([], [], linestyle=style, linewidth=3, color=_colour(arms, arm), label=arm)
    for name in names:
        look = {"marker": _marker(names, name), "color": "0.3", "markerfacecolor": "none"}
        axes.plot([], [], linestyle="", label=name, **look)  # type: ignore[arg-type]


def _colour(arms: Sequence[str], arm: str) -> str:
    """A model's colour; with those of `MORE`, hollow and filled, there are as many as twice."""
    place = arms.index(arm)
    colours = (COLOURS, MORE)[place // (2 * len(COLOURS)) % 2]
    return colours[place % len(colours)]


def _fill(arms: Sequence[str], arm: str) -> str:
    """What a model's markers are filled with: where there are more models than colours, those
    after as many have theirs.
    """
    return _colour(arms, arm) if arms.index(arm) // len(COLOURS) % 2 else "none"


def _marker(names: Sequence[str], name: str) -> str:
    return MARKERS[names.index(name) % len(MARKERS)]
