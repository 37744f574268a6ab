"""How training went: validation error rate against updates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType as LineType

from parp_espnet.study.evidence import Training
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import (
    KINDS,
    MOST_COLUMNS,
    add_legend,
    look,
    schedule_title,
    shade,
)
from parp_espnet.study.names import upstream_names


class Kind(NamedTuple):
    """How a method's lines look, beside its colour."""

    line: LineType
    label: str
    shade: int = 0
    """Of the colour: see `style.shade`."""


def draw(findings: Findings) -> Drawn:
    """Draw how training went."""
    caption = "Validation PER during training; the dot is the model chosen."
    return drawn("training", caption, training(findings.evidence.trainings))


def training(trainings: Sequence[Training]) -> Figure | None:
    """Draw the validation PER of every experiment by method, a panel for each language and number
    of frozen updates.

    Where there are several upstreams, the first one's lines are whole. A dot is the model that was
    chosen, the last one's where sparsity grows.
    """
    with_lines = [run for run in trainings if len(run.updates) > 1]
    if not with_lines:
        return None
    first = with_lines[0].upstream
    upstreams = upstream_names(run.upstream for run in with_lines)
    shown = [_named(run, first, upstreams[run.upstream]) for run in with_lines]
    groups: dict[tuple[int, str], list[Training]] = {}
    for run in shown:
        groups.setdefault((run.freeze_updates, run.language), []).append(run)
    frozen = sorted({freeze for freeze, _ in groups})
    several_upstreams = len({run.upstream for run in shown}) > 1
    columns = min(MOST_COLUMNS, len({run.language for run in shown}))
    rows = -(-len(groups) // columns)
    kinds = _kinds(shown, first if several_upstreams else "")
    figure = Figure(figsize=(3.3 * columns + 1.2, 2.7 * rows + 0.3), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    # Languages stay in their order.
    in_order = sorted(groups, key=lambda group: group[0])
    for axes, (freeze, language) in zip(panels, in_order, strict=False):
        for run in groups[freeze, language]:
            _line(axes, run, kinds)
        axes.set_title(schedule_title(language, freeze, frozen), fontsize="medium")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("updates")
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    figure.axes[0].set_ylabel("validation PER (%)")
    add_legend(figure)
    return figure


def _named(run: Training, first: str, upstream: str) -> Training:
    """The same, with its upstream in its name where it is not the first one, and what
    else differs.
    """
    line = run.line
    if run.upstream != first:
        line += f", {upstream}"
    return replace(run, method=line, arm=run.who)


def _kinds(trainings: Sequence[Training], upstream: str = "") -> dict[str, Kind]:
    """The line, label and shade of every method; of masks from elsewhere one of each for a method,
    where it has too many.

    Methods that name no upstream are of `upstream`, where there are several.
    """
    kinds: dict[str, Kind] = {}
    by_method: dict[str, dict[str, bool]] = {}
    for run in trainings:
        elsewhere = by_method.setdefault(run.who.method, {})
        if run.method != run.who.method:
            in_options = bool(run.who.variant or run.conditions)
            elsewhere[run.method] = elsewhere.get(run.method, False) or in_options
    for name, elsewhere in by_method.items():
        kinds[name] = Kind("-", f"{name}, {upstream}" if upstream else name)
        if len(elsewhere) <= len(KINDS):
            for kind, method in zip(KINDS, elsewhere, strict=False):
                kinds[method] = Kind(kind, method)
            continue
        others = _shaded_kinds()
        for method, in_options in elsewhere.items():
            # What differs in an option has a name, however many there are.
            if in_options:
                step, line = next(others)
                kinds[method] = Kind(line, method, step)
            else:
                kinds[method] = Kind(KINDS[0], f"{name}, masks from elsewhere")
    return kinds


def _line(axes: Axes, run: Training, kinds: Mapping[str, Kind]) -> None:
    kind = kinds[run.method]
    style = look(run.who.method)
    style["color"] = shade(style["color"], kind.shade)
    rates = [100 * rate for rate in run.valid_per]
    # With a mask from elsewhere, a method has its own colour, and another line.
    axes.plot(
        run.updates,
        rates,
        linestyle=kind.line,
        linewidth=0.9,
        alpha=0.7,
        color=style["color"],
        label=kind.label,
    )
    chosen = len(rates) - 1 if run.who.row.grows else rates.index(min(rates))
    axes.plot(run.updates[chosen], rates[chosen], markersize=3.5, **style)


def _shaded_kinds() -> Iterator[tuple[int, LineType]]:
    """Yield steps of a colour's shade and kinds of line, without end: all kinds of each shade."""
    for step in count():
        for line in KINDS[1:]:
            yield step, line
