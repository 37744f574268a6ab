"""Phone error rate against what it costs, all finetunings that a method needs counted."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from parp_espnet.study.evidence import Cost
from parp_espnet.study.figures.style import add_legend, look


def cost(found: Sequence[Cost], rate: str = "phone error rate") -> Figure | None:
    """Draw a panel for each language with several methods: error rate against updates.

    Points are labelled with their sparsity where there are several; `rate` is what the error rate is called.
    """
    languages = [
        name
        for name in dict.fromkeys(one.language for one in found)
        if len({one.method for one in found if one.language == name}) > 2
    ]
    if not languages:
        return None
    several = len({one.sparsity for one in found if one.method != "dense"}) > 1
    figure = Figure(figsize=(3.6 * len(languages) + 1.2, 3.3), layout="constrained")
    for axes, language in zip(figure.subplots(1, len(languages), squeeze=False)[0], languages, strict=True):
        here = [one for one in found if one.language == language]
        for method in dict.fromkeys(one.method for one in here):
            own = [one for one in here if one.method == method]
            axes.plot(
                [one.updates for one in own], [100 * one.error_rate for one in own], linestyle="", label=method,
                markersize=5, **look(method),
            )  # fmt: skip
            for one in own if several else ():
                axes.annotate(
                    f" {one.sparsity:g}", (one.updates, 100 * one.error_rate), fontsize=6, va="center", color="0.4"
                )
        axes.set_xlim(left=0)
        axes.set_title(language, fontsize="medium")
        axes.set_xlabel("updates of all finetunings")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.set_ylim(bottom=0)
    figure.axes[0].set_ylabel(f"{rate} (%)")
    add_legend(figure)
    return figure
