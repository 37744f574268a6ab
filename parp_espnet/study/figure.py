"""The figure of a study: phone error rate with its interval, by method, one panel a language."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from parp_espnet.files import atomic_write
from parp_espnet.scoring.result import Result
from parp_espnet.study.table import method_of

# Okabe and Ito's colours, which those who see red and green alike can tell apart.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2", "#F0E442")


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write `per.png` and `per.svg` into `folder`; return them. The same results give the same bytes."""
    languages = list(dict.fromkeys(result.language for result in results))
    methods = list(dict.fromkeys(_name(result) for result in results))
    figure = Figure(figsize=(1.5 + 3.2 * len(languages), 3.8), layout="constrained")
    panels = figure.subplots(1, len(languages), sharey=True, squeeze=False)[0]
    for panel, language in zip(panels, languages, strict=True):
        here = [result for result in results if result.language == language]
        for place, result in enumerate(here):
            low, high = result.ci95
            rate = result.error_rate
            panel.errorbar(
                place,
                100 * rate,
                yerr=[[100 * (rate - low)], [100 * (high - rate)]],
                fmt="o",
                capsize=4,
                color=COLOURS[methods.index(_name(result)) % len(COLOURS)],
            )
            if result.method == "dense":
                panel.axhline(100 * rate, color="0.6", linewidth=0.8, linestyle="--", zorder=1)
        panel.set_xticks(range(len(here)), [_name(result) for result in here])
        panel.set_xlim(-0.6, len(here) - 0.4)
        panel.set_title(language)
        panel.grid(axis="y", color="0.9")
        panel.set_axisbelow(True)
    panels[0].set_ylabel("phone error rate (%), 95 % interval")
    panels[0].set_ylim(bottom=0)
    figure.suptitle(_title(results))
    return [_save(figure, folder / "per.png"), _save(figure, folder / "per.svg")]


def _name(result: Result) -> str:
    return method_of(result).replace(", ", ",\n")


def _title(results: Sequence[Result]) -> str:
    sparsities = sorted({f"{result.sparsity_target:g}" for result in results if result.method != "dense"})
    return f"{results[0].upstream}, {results[0].train_minutes:g} min, sparsity {', '.join(sparsities) or '0'}"


def _save(figure: Figure, path: Path) -> Path:
    kind = path.suffix[1:]
    # Names inside an SVG are hashes with a random salt, and it carries the date, unless told otherwise.
    with matplotlib.rc_context({"svg.hashsalt": "parp-espnet"}), atomic_write(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
    return path
