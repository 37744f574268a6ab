"""The heat maps of a study: overlap of masks, transfer between languages, sparsity by layer and
kind of weight.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain, filterfalse
from statistics import fmean

import numpy as np
from matplotlib.figure import Figure

from parp_espnet.pruning.masks import random_iou
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import FINETUNED, Arm, is_total
from parp_espnet.study.evidence import Adjusting, Anatomy, Comparison, Evidence, Overlap
from parp_espnet.study.figures.findings import Drawn, Findings
from parp_espnet.study.figures.matrix import heat_map
from parp_espnet.study.figures.points import MOST, arms_of
from parp_espnet.study.names import rate_of, source_of, upstream_names

OMP, TRANSFER, PARP = Arm("omp"), Arm("transfer"), Arm("parp")
NOBODYS = {
    TRANSFER: {Arm("mpi"): "MPI", Arm("rp"): "RP"},
    PARP: {PARP: "MPI", Arm("parp", first="random"): "RP"},
}
"""By how a mask goes on: what begins with a mask which is of no language, and whose it is called.
"""


def draw_languages(findings: Findings) -> Drawn:
    """Draw `language_map`."""
    return language_map(findings.results)


def draw_overlaps(findings: Findings) -> Drawn:
    """Draw `overlap_maps`."""
    return overlap_maps(findings.evidence)


def draw_transfer(findings: Findings) -> Drawn:
    """Draw `transfer_maps`."""
    return transfer_maps(findings.evidence, findings.rate.short, findings.whose)


def draw_anatomies(findings: Findings) -> Drawn:
    """Draw `anatomy_maps`."""
    return anatomy_maps(findings.evidence)


def overlap_maps(evidence: Evidence) -> Drawn:
    """IOU of the masks of all languages, OMP's or those that a method has learned, one map for each
    method, upstream, sparsity and number of frozen updates.
    """
    drawn: Drawn = {}
    settings: dict[tuple[str, float, int, str, str], list[Overlap]] = {}
    for overlap in evidence.overlaps:
        common = (overlap.upstream, overlap.sparsity, overlap.freeze_updates, overlap.conditions)
        settings.setdefault((*common, overlap.method), []).append(overlap)
    for (upstream, sparsity, frozen, more, method), here in settings.items():
        pairs = [(overlap.one, overlap.other) for overlap in here]
        names = list(dict.fromkeys(chain.from_iterable(pairs)))
        # The diagonal, which is 1, stays empty: it would take most of the colours.
        values = np.full((len(names), len(names)), np.nan)
        for overlap in here:
            a, b = names.index(overlap.one), names.index(overlap.other)
            values[a, b] = values[b, a] = overlap.iou
        random = random_iou(sparsity)
        whose = f"{method}'s learned" if method else "OMP"
        caption = (
            f"IOU of the weights kept by {whose} masks at sparsity {sparsity:g}, and by MPI's; of "
            f"two random masks it is {random:.3f}, where the colours begin; they end at 1."
        )
        title = f"overlap{f' of {method}' if method else ''}, {upstream}, sparsity {sparsity:g}"
        title += f"{_frozen(frozen)}{_more(more)}"
        figure = heat_map(values, names, names, title=title, limits=(random, 1.0))
        name = f"overlap_{f'{method}_' if method else ''}{sparsity:g}_{file_of(upstream)}"
        drawn[f"{name}{_suffix(frozen, more)}"] = caption, figure
    return drawn


def language_map(results: Sequence[Result]) -> Drawn:
    """Error rate of every arm in every language, where there are three or more, and their points
    would be too many.

    Masks of single other languages are left to `transfer_maps`. Cells are means over seeds.
    """
    single = list(filterfalse(is_total, results))
    languages = list(dict.fromkeys(result.language or "" for result in single))
    rates: dict[str, dict[str, list[float]]] = {}
    for result, arm in zip(single, arms_of(single), strict=True):
        if source_of(result) not in languages:
            rates.setdefault(arm, {}).setdefault(result.language or "", []).append(
                100 * result.error_rate
            )
    arms = [arm for arm, by_language in rates.items() if len(by_language) > 2]
    if len(results) <= MOST or len(languages) <= 2 or len(arms) <= 1:
        return {}
    values = np.full((len(arms), len(languages)), np.nan)
    for row, arm in enumerate(arms):
        for column, language in enumerate(languages):
            if language in rates[arm]:
                values[row, column] = fmean(rates[arm][language])
    rate = rate_of(results)
    figure = heat_map(values, arms, languages, title=f"{rate.long} (%)", digits=1)
    return {
        "languages": (
            f"{rate.long.capitalize()} (%) of every arm in every language; means over seeds.",
            figure,
        )
    }


def transfer_maps(evidence: Evidence, rate: str, other: str) -> Drawn:
    """Error rate of each target under each source's mask, relative to the target under its own OMP
    mask.

    On the diagonal is the target's own mask, where it adjusts; below the sources are masks that are
    nobody's, MPI's and RP's. Cells are means over seeds, and bold where the paired interval of
    every seed tells the two apart.

    Args:
        rate: what error rates are called.
        other: what sources and targets are, such as "language".
    """
    settings: dict[tuple[float, int, str], list[Comparison]] = {}
    upstreams = upstream_names(comparison.upstream for comparison in evidence.comparisons)
    for comparison in evidence.comparisons:
        if comparison.second.kind == OMP and comparison.second.interval is None:
            upstream = upstreams[comparison.upstream] if len(upstreams) > 1 else ""
            settings.setdefault(_setting(comparison, upstream), []).append(comparison)
    drawn: Drawn = {}
    for arm, how in ((TRANSFER, "is fixed"), (PARP, "adjusts")):
        whose = f"another {other}'s mask"
        if arm.row.adjusts:
            whose += ", or on the diagonal its own"
        for (sparsity, frozen, more), here in settings.items():
            title = f"transfer, the mask {how}, sparsity {sparsity:g}{_frozen(frozen)}{_more(more)}"
            figure = _transfer_map(here, arm, title)
            caption = (
                f"{rate} under {whose}, which {how}, over {rate} under the target's own OMP mask, "
                f"fixed; bold where "
                "paired 95 % intervals tell them apart."
            )
            if figure is not None:
                name = f"transfer_{arm.method}_{sparsity:g}{_suffix(frozen, more)}"
                drawn[name] = caption, figure
    return drawn


def _setting(comparison: Comparison, upstream: str) -> tuple[float, int, str]:
    """What the cells of one map have in common; `upstream` is "" where there is but one."""
    words = (comparison.second.variant, comparison.conditions, upstream)
    more = ", ".join(filter(None, words))
    return comparison.sparsity, comparison.freeze_updates, more


def _transfer_map(against_own: Sequence[Comparison], base: Arm, title: str) -> Figure | None:
    """One map, unless there are fewer than two sources or two targets."""
    nobodys = NOBODYS[base]
    languages = list(dict.fromkeys(comparison.language for comparison in against_own))
    cells: dict[str, dict[str, list[Comparison]]] = {}
    for comparison in against_own:
        row = _whose(comparison, base)
        if row and comparison.ratio is not None:
            cells.setdefault(row, {}).setdefault(comparison.language, []).append(comparison)
    # Rows and columns have one order; after the languages come masks of several, then those of
    # none.
    order = dict.fromkeys([*languages, *cells])
    sources = [row for row in order if row in cells and row not in nobodys.values()]
    with_others = 0
    reached: set[str] = set()
    for source in sources:
        foreign = cells[source].keys() - {source}
        reached |= foreign
        if foreign:
            with_others += 1
    targets = [language for language in languages if language in reached]
    if with_others < 2 or len(targets) < 2:
        return None
    rows = sources + [name for name in nobodys.values() if name in cells]
    values = np.full((len(rows), len(targets)), np.nan)
    bold = np.full((len(rows), len(targets)), fill_value=False)
    for place, name in enumerate(rows):
        for column, target in enumerate(targets):
            cell = cells[name].get(target, [])
            if cell:
                values[place, column] = fmean(comparison.ratio or 0.0 for comparison in cell)
                bold[place, column] = all(comparison.apart for comparison in cell)
    return heat_map(
        values,
        rows,
        targets,
        title=title,
        centre=1.0,
        row_label="mask of",
        column_label="target",
        bold=bold,
    )


def _whose(comparison: Comparison, base: Arm) -> str | None:
    """Return whose mask an arm of the method `base` begins with, a row of the map; None where none
    of the map does.
    """
    arm = comparison.first
    if arm.usual == base and arm.given:
        return arm.given
    # What is told of an option stands in the title; an interval is another way of adjusting.
    if arm.interval is not None or arm.joint:
        return None
    if arm.usual == base and arm.first == FINETUNED:
        return comparison.language
    return NOBODYS[base].get(arm.kind)


def _more(conditions: str) -> str:
    return f", {conditions}" if conditions else ""


def _frozen(updates: int) -> str:
    return f", {updates} frozen updates" if updates else ""


def anatomy_maps(evidence: Evidence) -> Drawn:
    """Sparsity by layer and kind, of every method's final mask in the first language, at its
    highest sparsity.
    """
    drawn: Drawn = {}
    for line, anatomy in sparsest(evidence.anatomies).items():
        caption = f"Sparsity of the final mask by layer and kind of weight: {line}."
        drawn[f"anatomy_{file_of(line)}"] = caption, layer_map(anatomy.table, anatomy)
    return drawn


def sparsest[Run: (Adjusting, Anatomy)](runs: Sequence[Run]) -> dict[str, Run]:
    """Return the run of the first language with the highest sparsity, by the name of each line; of
    runs with masks of their own.
    """
    shown: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: -run.sparsity):
        if run.language == runs[0].language and run.who.own:
            shown.setdefault(run.line, run)
    return shown


def layer_map(table: Mapping[str, Mapping[str, float]], anatomy: Anatomy) -> Figure:
    """Draw numbers by layer and kind of weight, of a run whose name stands above."""
    layers = list(table)
    kinds = list(dict.fromkeys(chain.from_iterable(table.values())))
    values = np.full((len(layers), len(kinds)), np.nan)
    for row, layer in enumerate(layers):
        for kind, number in table[layer].items():
            values[row, kinds.index(kind)] = number
    title = f"{anatomy.line}, {anatomy.language}, sparsity {anatomy.sparsity:g}"
    names = [kind.split(".")[-1] for kind in kinds]
    return heat_map(values, layers, names, title=title)


def _suffix(frozen: int, more: str = "") -> str:
    suffix = ""
    if frozen:
        suffix += f"_freeze{frozen}"
    if more:
        suffix += f"_{file_of(more)}"
    return suffix


def file_of(name: str) -> str:
    """Return a name as a part of a file's."""
    return re.sub(r"[\W_]", "-", name)
