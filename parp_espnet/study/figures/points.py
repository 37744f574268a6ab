"""Phone error rates with their intervals, by language and arm: what a small study has to show."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.figures.style import COLOURS, MARKERS
from parp_espnet.study.names import amounts, decoding_of, decodings, is_text, method_of, rate_of

MOST = 60
"""With more points than these, curves and matrices say more."""


def points(results: Sequence[Result]) -> Figure | None:
    """Draw every result as a point with its interval."""
    if len(results) > MOST:
        return None
    languages = list(dict.fromkeys(result.language for result in results))
    arms = list(dict.fromkeys(arm_of(result, results) for result in results))
    width = 0.8 / len(arms)
    figure = Figure(figsize=(3.0 + max(3.5, 0.22 * len(languages) * len(arms)), 3.8), layout="constrained")
    axes = figure.subplots()
    for number, arm in enumerate(arms):
        here = [result for result in results if arm_of(result, results) == arm]
        rates = [100 * result.error_rate for result in here]
        low, high = zip(*(result.ci95 for result in here), strict=True)
        axes.errorbar(
            [languages.index(result.language) + (number - (len(arms) - 1) / 2) * width for result in here],
            rates,
            yerr=[
                [rate - 100 * one for rate, one in zip(rates, low, strict=True)],
                [100 * one - rate for rate, one in zip(rates, high, strict=True)],
            ],
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
    axes.set_xlabel("task" if is_text(results) else "language")
    axes.set_ylabel(f"{rate_of(results).long} (%), 95 % interval")
    axes.set_title(_title(results), fontsize="medium")
    figure.legend(loc="outside right upper", frameon=False)
    return figure


def arm_of(result: Result, results: Sequence[Result]) -> str:
    """Return what an arm is called: its method, and of the rest what differs within the study or the method."""
    upstream = result.upstream if len({other.upstream for other in results}) > 1 else ""
    decoding = decoding_of(result) if len(decodings(results)) > 1 else ""
    method = method_of(result)
    same = [other for other in results if method_of(other) == method]
    differing: dict[str, set[object]] = {
        f"n = {result.interval}": {other.interval for other in same},
        f"sparsity {result.sparsity_target:g}": {other.sparsity_target for other in same},
        f"{result.updates} updates": {other.updates for other in same},
        f"{result.freeze_updates} frozen": {other.freeze_updates for other in same},
    }
    told = [name for name, values in differing.items() if len(values) > 1]
    return ", ".join(filter(None, [upstream, method, *told, decoding]))


def _title(results: Sequence[Result]) -> str:
    upstreams = ", ".join(dict.fromkeys(result.upstream for result in results))
    sparsities = sorted({f"{result.sparsity_target:g}" for result in results if result.method != "dense"})
    return f"{upstreams}; {amounts(results)}" + (f"; sparsity {', '.join(sparsities)}" if sparsities else "; dense")
