"""The heat maps of a study: overlap of masks, transfer between languages, sparsity by layer and
kind of weight.
"""

from collections.abc import Sequence
from itertools import compress
from statistics import fmean

import numpy as np
from matplotlib.figure import Figure

from parp_espnet.pruning.masks import random_iou
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import FINETUNED, Arm, is_total
from parp_espnet.study.evidence import Anatomy, Comparison, Evidence
from parp_espnet.study.figures.matrix import heat_map
from parp_espnet.study.figures.points import MOST, arms_of
from parp_espnet.study.names import rate_of, source_of

Drawn = dict[str, tuple[str, Figure]]
"""Caption and figure, by the name of its file."""
OMP, TRANSFER, PARP = Arm("omp"), Arm("transfer"), Arm("parp")
NOBODYS = {
    TRANSFER: {Arm("mpi"): "MPI", Arm("rp"): "RP"},
    PARP: {PARP: "MPI", Arm("parp", first="random"): "RP"},
}
"""By how a mask goes on: what begins with a mask which is of no language, and whose it is called.
"""


def overlap_maps(evidence: Evidence) -> Drawn:
    """IOU of the OMP masks of all languages, one map for each upstream, sparsity and number of
    frozen updates.
    """
    found: Drawn = {}
    settings = [
        (one.upstream, one.sparsity, one.freeze_updates, one.conditions)
        for one in evidence.overlaps
    ]
    for upstream, sparsity, frozen, more in dict.fromkeys(settings):
        own = [setting == (upstream, sparsity, frozen, more) for setting in settings]
        here = list(compress(evidence.overlaps, own))
        names = list(dict.fromkeys(name for one in here for name in (one.one, one.other)))
        # The diagonal, which is 1, stays empty: it would take most of the colours.
        values = np.full((len(names), len(names)), np.nan)
        for one in here:
            a, b = names.index(one.one), names.index(one.other)
            values[a, b] = values[b, a] = one.iou
        random = random_iou(sparsity)
        caption = (
            f"IOU of the weights kept by OMP masks at sparsity {sparsity:g}, and by MPI's; of two "
            f"random masks it is "
            f"{random:.3f}, where the colours begin; they end at 1."
        )
        title = f"overlap, {upstream}, sparsity {sparsity:g}{_frozen(frozen)}{_more(more)}"
        figure = heat_map(values, names, names, title=title, limits=(random, 1.0))
        found[f"overlap_{sparsity:g}_{_file(upstream)}{_suffix(frozen, more)}"] = caption, figure
    return found


def language_map(results: Sequence[Result]) -> Drawn:
    """Error rate of every arm in every language, where there are three or more, and their points
    would be too many.

    Masks of single other languages are left to `transfer_maps`. Cells are means over seeds.
    """
    single = [one for one in results if not is_total(one)]
    languages = list(dict.fromkeys(one.language or "" for one in single))
    rates: dict[str, dict[str, list[float]]] = {}
    for one, arm in zip(single, arms_of(single), strict=True):
        if source_of(one) not in languages:
            rates.setdefault(arm, {}).setdefault(one.language or "", []).append(
                100 * one.error_rate
            )
    arms = [arm for arm, found in rates.items() if len(found) > 2]
    if len(results) <= MOST or len(languages) <= 2 or len(arms) <= 1:
        return {}
    values = np.array(
        [[fmean(rates[arm].get(language, [np.nan])) for language in languages] for arm in arms]
    )
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
    of_omp = [one for one in evidence.comparisons if one.second.kind == OMP]
    against_own = [one for one in of_omp if one.second.interval is None]
    settings = dict.fromkeys(map(_setting, against_own))
    found: Drawn = {}
    for arm, how in ((TRANSFER, "is fixed"), (PARP, "adjusts")):
        whose = f"another {other}'s mask"
        if arm.row.adjusts:
            whose += ", or on the diagonal its own"
        for setting in settings:
            sparsity, frozen, more = setting
            here = [one for one in against_own if _setting(one) == setting]
            title = f"transfer, the mask {how}, sparsity {sparsity:g}{_frozen(frozen)}{_more(more)}"
            figure = _transfer_map(here, arm, title)
            caption = (
                f"{rate} under {whose}, which {how}, over {rate} under the target's own OMP mask, "
                f"fixed; bold where "
                "paired 95 % intervals tell them apart."
            )
            if figure is not None:
                name = f"transfer_{arm.method}_{sparsity:g}{_suffix(frozen, more)}"
                found[name] = caption, figure
    return found


def _setting(one: Comparison) -> tuple[float, int, str]:
    """What the cells of one map have in common."""
    words = [part for part in (one.second.variant, one.conditions) if part]
    return one.sparsity, one.freeze_updates, ", ".join(words)


def _transfer_map(against_own: Sequence[Comparison], base: Arm, title: str) -> Figure | None:
    """One map, unless there are fewer than two sources or two targets."""
    nobodys = NOBODYS[base]
    languages = list(dict.fromkeys(one.language for one in against_own))
    cells: dict[str, dict[str, list[tuple[float, bool]]]] = {}
    for one in against_own:
        if one.ratio is not None and (row := _whose(one, base)):
            cells.setdefault(row, {}).setdefault(one.language, []).append((one.ratio, one.apart))
    # Rows and columns have one order; after the languages come masks of several, then those of
    # none.
    sources = [row for row in cells if row not in nobodys.values()]
    sources.sort(key=lambda row: languages.index(row) if row in languages else len(languages))
    foreign = {source: cells[source].keys() - {source} for source in sources}
    targets = [
        language for language in languages if any(language in found for found in foreign.values())
    ]
    if sum(map(bool, foreign.values())) < 2 or len(targets) < 2:
        return None
    rows = [*sources, *(name for name in nobodys.values() if name in cells)]
    several = [[cells[row].get(target, []) for target in targets] for row in rows]
    values = np.array(
        [[fmean([ratio for ratio, _ in cell] or [np.nan]) for cell in row] for row in several]
    )
    bold = np.array(
        [[bool(cell) and all(apart for _, apart in cell) for cell in row] for row in several]
    )
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


def _whose(one: Comparison, base: Arm) -> str | None:
    """Return whose mask an arm of the method `base` begins with, a row of the map; None where none
    of the map does.
    """
    arm = one.first
    if arm.usual == base and arm.given:
        return arm.given
    # What is told of an option stands in the title; an interval is another way of adjusting.
    if arm.interval is not None or arm.joint:
        return None
    if arm.usual == base and arm.first == FINETUNED:
        return one.language
    return NOBODYS[base].get(arm.kind)


def _more(conditions: str) -> str:
    return f", {conditions}" if conditions else ""


def _frozen(updates: int) -> str:
    return f", {updates} frozen updates" if updates else ""


def anatomy_maps(evidence: Evidence) -> Drawn:
    """Sparsity by layer and kind, of every method's final mask in the first language, at its
    highest sparsity.
    """
    if not evidence.anatomies:
        return {}
    language = evidence.anatomies[0].language
    own = [one for one in evidence.anatomies if one.language == language and one.who.own]
    shown: dict[str, Anatomy] = {}
    for one in sorted(own, key=lambda one: -one.sparsity):
        shown.setdefault(one.line, one)
    return {f"anatomy_{_file(line)}": _anatomy(one) for line, one in shown.items()}


def _anatomy(one: Anatomy) -> tuple[str, Figure]:
    layers, kinds = (
        list(one.table),
        list(dict.fromkeys(kind for row in one.table.values() for kind in row)),
    )
    values = np.array([[one.table[layer].get(kind, np.nan) for kind in kinds] for layer in layers])
    title = f"{one.line}, {one.language}, sparsity {one.sparsity:g}"
    caption = f"Sparsity of the final mask by layer and kind of weight: {one.line}."
    return caption, heat_map(values, layers, [kind.split(".")[-1] for kind in kinds], title=title)


def _suffix(frozen: int, more: str = "") -> str:
    return (f"_freeze{frozen}" if frozen else "") + (f"_{_file(more)}" if more else "")


def _file(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
