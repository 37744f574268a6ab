"""How training went: validation error rate against updates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType as LineType

from parp_espnet.study.evidence import Training
from parp_espnet.study.figures.findings import Drawn, Findings, drawn
from parp_espnet.study.figures.style import KINDS, MOST_COLUMNS, add_legend, look, schedule_title


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
    shown = [run for run in trainings if len(run.updates) > 1]
    upstreams = list(dict.fromkeys(run.upstream for run in shown))
    shown = [_named(run, upstreams[0]) for run in shown]
    frozen = sorted({run.freeze_updates for run in shown})
    # Languages stay in their order.
    groups = sorted(
        dict.fromkeys((run.freeze_updates, run.language) for run in shown),
        key=lambda group: group[0],
    )
    if not groups:
        return None
    columns = min(MOST_COLUMNS, len({run.language for run in shown}))
    rows = -(-len(groups) // columns)
    kinds = _kinds(shown, upstreams[0] if len(upstreams) > 1 else "")
    figure = Figure(figsize=(3.3 * columns + 1.2, 2.7 * rows + 0.3), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (freeze, language) in zip(panels, groups, strict=False):
        for run in (
            run for run in shown if (run.freeze_updates, run.language) == (freeze, language)
        ):
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


def _named(run: Training, first: str) -> Training:
    """The same, with its upstream in its name where it is not the first one, and what
    else differs.
    """
    on = "" if run.upstream == first else f", {run.upstream}"
    return replace(run, method=f"{run.line}{on}", arm=run.who)


def _kinds(trainings: Sequence[Training], upstream: str = "") -> dict[str, tuple[LineType, str]]:
    """The line and label of every method; of masks from elsewhere one of each for a method, where
    it has too many.

    Methods that name no upstream are of `upstream`, where there are several.
    """
    kinds: dict[str, tuple[LineType, str]] = {}
    for name in dict.fromkeys(run.who.method for run in trainings):
        kinds[name] = "-", f"{name}, {upstream}" if upstream else name
        own = dict.fromkeys(run.method for run in trainings if run.who.method == name)
        elsewhere = [method for method in own if method != name]
        for place, method in enumerate(elsewhere):
            few = len(elsewhere) <= len(KINDS)
            kinds[method] = (
                (KINDS[place], method) if few else (KINDS[0], f"{name}, masks from elsewhere")
            )
        others = {
            run.method
            for run in trainings
            if run.who.method == name and (run.who.variant or run.conditions)
        }
        for place, method in enumerate(
            name for name in elsewhere if name in others and len(elsewhere) > len(KINDS)
        ):
            # What differs in an option has a name, however many there are.
            kinds[method] = KINDS[1 + place % (len(KINDS) - 1)], method
    return kinds


def _line(axes: Axes, run: Training, kinds: Mapping[str, tuple[LineType, str]]) -> None:
    style = look(run.who.method)
    rates = [100 * rate for rate in run.valid_per]
    # With a mask from elsewhere, a method has its own colour, and another line.
    kind, label = kinds[run.method]
    axes.plot(
        run.updates,
        rates,
        linestyle=kind,
        linewidth=0.9,
        alpha=0.7,
        color=style["color"],
        label=label,
    )
    if run.who.row.grows:
        chosen = len(rates) - 1
    else:
        chosen = min(range(len(rates)), key=lambda place: rates[place])
    axes.plot(run.updates[chosen], rates[chosen], markersize=3.5, **style)
