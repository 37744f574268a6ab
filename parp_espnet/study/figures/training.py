"""How training went: validation error rate against updates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from parp_espnet.study.evidence import Training
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.lines import style_of
from parp_espnet.study.figures.style import MOST_COLUMNS, add_legend, schedule_title
from parp_espnet.study.names import upstream_names

MOST_MASKS = 5
"""Lines of masks from elsewhere that a method has, beyond which all of them look alike."""


class Kind(NamedTuple):
    """What the legend calls a line, and its place among those of its method."""

    label: str
    place: int = 0


def draw(findings: Findings) -> Drawn:
    """Draw how training went."""
    caption = "Validation PER during training; the mark is the model chosen."
    return drawn("training", caption, training(findings.evidence.trainings))


def training(trainings: Sequence[Training]) -> Figure | None:
    """Draw the validation PER of every experiment by method, a panel for each language and number
    of frozen updates.

    Where there are several upstreams, the first one's lines are whole. A mark is the model that was
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
    """The label and place of every line; of masks from elsewhere one of each for a method, where it
    has too many.

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
        kinds[name] = Kind(f"{name}, {upstream}" if upstream else name)
        # What differs in an option has a name, however many there are.
        is_few = len(elsewhere) <= MOST_MASKS
        shared = f"{name}, masks from elsewhere"
        labels = {
            method: method if is_few or in_options else shared
            for method, in_options in elsewhere.items()
        }
        places = {label: place for place, label in enumerate(dict.fromkeys(labels.values()), 1)}
        for method, label in labels.items():
            kinds[method] = Kind(label, places[label])
    return kinds


def _line(axes: Axes, run: Training, kinds: Mapping[str, Kind]) -> None:
    kind = kinds[run.method]
    rates = [100 * rate for rate in run.valid_per]
    chosen = len(rates) - 1 if run.who.row.grows else rates.index(min(rates))
    axes.plot(
        run.updates,
        rates,
        markevery=[chosen],
        markersize=4,
        linewidth=0.9,
        alpha=0.8,
        label=kind.label,
        **style_of(run.who.method, kind.place),
    )
