"""How training went: validation error rate against updates."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from parp_espnet.study.evidence import Training
from parp_espnet.study.figures.style import add_legend, look


def training(found: Sequence[Training]) -> Figure | None:
    """Draw the validation PER of every experiment, a panel a language, by method; dots are what was chosen."""
    shown = [one for one in found if len(one.updates) > 1]
    languages = list(dict.fromkeys(one.language for one in shown))
    if not languages:
        return None
    columns = min(4, len(languages))
    rows = -(-len(languages) // columns)
    figure = Figure(figsize=(3.3 * columns + 1.2, 2.7 * rows + 0.3), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, language in zip(panels, languages, strict=False):
        for one in (one for one in shown if one.language == language):
            style = look(one.method)
            rates = [100 * rate for rate in one.valid_per]
            # With a mask from elsewhere, a method has its own colour, and another line.
            kind = "--" if "," in one.method else "-"
            axes.plot(one.updates, rates, kind, linewidth=0.9, color=style["color"], label=one.method)
            best = min(range(len(rates)), key=lambda place: rates[place])
            axes.plot(one.updates[best], rates[best], markersize=3.5, **style)
        axes.set_title(language, fontsize="medium")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.set_ylim(bottom=0)
    for axes in list(figure.axes)[len(languages) :]:
        axes.set_axis_off()
    for axes in list(figure.axes)[: len(languages)]:
        axes.set_xlabel("updates")
    figure.axes[0].set_ylabel("validation PER (%)")
    add_legend(figure)
    return figure
