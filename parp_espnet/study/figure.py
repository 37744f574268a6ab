"""The figure of a study: phone error rate with its interval, by language and arm."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from parp_espnet.files import atomic_write
from parp_espnet.scoring.result import Result
from parp_espnet.study.table import method_of

# Okabe and Ito's colours, which those who see red and green alike can tell apart.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2", "#F0E442")
MARKERS = "osD^vP"


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write `per.png` and `per.svg` into `folder`; return them. The same results give the same bytes."""
    languages = list(dict.fromkeys(result.language for result in results))
    arms = list(dict.fromkeys(_arm(result, results) for result in results))
    width = 0.8 / len(arms)
    figure = Figure(figsize=(3.0 + max(3.5, 0.22 * len(languages) * len(arms)), 3.8), layout="constrained")
    axes = figure.subplots()
    for number, arm in enumerate(arms):
        here = [result for result in results if _arm(result, results) == arm]
        rates = [100 * result.error_rate for result in here]
        low, high = zip(*(result.ci95 for result in here), strict=True)
        axes.errorbar(
            [languages.index(result.language) + (number - (len(arms) - 1) / 2) * width for result in here],
            rates,
            yerr=[
                [rate - 100 * one for rate, one in zip(rates, low, strict=True)],
                [100 * one - rate for rate, one in zip(rates, high, strict=True)],
            ],
            fmt=MARKERS[number % len(MARKERS)],
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
    axes.set_xlabel("language")
    axes.set_ylabel("phone error rate (%), 95 % interval")
    axes.set_title(_title(results), fontsize="medium")
    figure.legend(loc="outside right upper", frameon=False)
    return [_save(figure, folder / "per.png"), _save(figure, folder / "per.svg")]


def _arm(result: Result, results: Sequence[Result]) -> str:
    """What a point is called; with its upstream where the results have several."""
    several = len({other.upstream for other in results}) > 1
    return f"{result.upstream}, {method_of(result)}" if several else method_of(result)


def _title(results: Sequence[Result]) -> str:
    upstreams = ", ".join(dict.fromkeys(result.upstream for result in results))
    minutes = ", ".join(dict.fromkeys(f"{result.train_minutes:g}" for result in results))
    sparsities = sorted({f"{result.sparsity_target:g}" for result in results if result.method != "dense"})
    return f"{upstreams}; {minutes} min" + (f"; sparsity {', '.join(sparsities)}" if sparsities else "; dense")


def _save(figure: Figure, path: Path) -> Path:
    kind = path.suffix[1:]
    # Names inside an SVG are hashes with a random salt, and it carries the date, unless told otherwise.
    with matplotlib.rc_context({"svg.hashsalt": "parp-espnet"}), atomic_write(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
    return path
