"""N1 to N3, questions that the paper does not ask: masks that move by other rules than PARP's."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from statistics import fmean

from parp_espnet.pruning.methods import Weights, row_of
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm, arm_of, is_total
from parp_espnet.study.comparable import chosen_by_method
from parp_espnet.study.evidence import Comparison, Evidence, Overlap
from parp_espnet.study.judges.starts import SPARSE, alike
from parp_espnet.study.judges.verdict import (
    DENSE,
    PARP_P,
    TRANSFER,
    Tally,
    Verdict,
    decide,
    mean_interval,
)
from parp_espnet.study.names import spoken
from parp_espnet.study.variants import FIRST_MASK

ENOUGH = 2 / 3
"""Four of six pairs of a language and a seed."""
FEWEST_SOURCES = FEWEST_TARGETS = 3
"""Of fewer a correlation, or its mean, says nothing."""

_CORPUS = re.compile(r"\bin \S+")
"""Of another corpus, in what else tells a mask apart."""

type Mask = tuple[str, float, str, int, frozenset[str]]
"""The method that learned masks, their sparsity, upstream and frozen updates, and of which two
languages they are.
"""
type Target = tuple[str, float, int, int, str, float | None, str, str, Arm, Arm]
"""A language, sparsity, seed, frozen updates, upstream, minutes, decoding, what else differs, whose
masks it was given but for their language, and what its errors are compared with.
"""


def best_at_ninety(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """It holds where one method has fewer errors than PARP-P in two thirds of the pairs of a
    language and a seed, and more in none; it does not where none has fewer in any.
    """
    beside_parp_p: dict[str, list[Comparison]] = {}
    beside_dense: dict[str, list[Comparison]] = {}
    for comparison in evidence.comparisons:
        first = comparison.first
        if comparison.sparsity != SPARSE:
            continue
        if comparison.second == DENSE:
            beside_dense.setdefault(first.label, []).append(comparison)
        is_other = first.own and first.row.moves_otherwise and first.row.is_one_run
        if is_other and comparison.second.usual == PARP_P:
            beside_parp_p.setdefault(first.label, []).append(comparison)
    if not beside_parp_p:
        return Verdict.UNTESTED, "no data: no other one-run method beside PARP-P at 90 %"
    holds, fails = False, True
    for comparisons in beside_parp_p.values():
        tally = Tally.of(comparisons)
        holds |= tally.fewer >= ENOUGH * len(comparisons) and not tally.more
        fails &= not tally.fewer
    told = _told_by_method(beside_parp_p.values())
    compared = [label for label in (PARP_P.label, *beside_parp_p) if label in beside_dense]
    dense = _told_by_method(beside_dense[label] for label in compared)
    because = f"against PARP-P at 90 %: {'; '.join(told)}{_lowest(results)}"
    if dense:
        because += f"; against dense: {'; '.join(dense)}"
    return decide(holds, fails), because


def _told_by_method(of_arms: Iterable[Sequence[Comparison]]) -> list[str]:
    """What is said of each method, whatever options its arms have: a method at many rates is one
    line.
    """
    arms: Counter[str] = Counter()
    by_method: dict[str, list[Comparison]] = {}
    for comparisons in of_arms:
        name = comparisons[0].first.name
        arms[name] += 1
        by_method.setdefault(name, []).extend(comparisons)
    told = []
    for name, comparisons in by_method.items():
        ways = f" ({arms[name]} settings)" if arms[name] > 1 else ""
        told.append(f"{name}{ways}: {Tally.of(comparisons)}")
    return told


def _lowest(results: Sequence[Result]) -> str:
    """Which one-run methods have the fewest errors at 90 %, in words."""
    groups: dict[object, list[Result]] = {}
    aside = chosen_by_method(results)
    for result in results:
        arm = arm_of(result)
        is_one_run = arm.own and arm.row.is_one_run and not is_total(result)
        if is_one_run and result.sparsity_target == SPARSE:
            groups.setdefault(alike(result, aside[result.language]), []).append(result)
    first: Counter[str] = Counter()
    for several in groups.values():
        if len(several) > 1:
            first[arm_of(min(several, key=lambda result: result.error_rate)).name] += 1
    if not first:
        return ""
    told = [f"{name} in {count}" for name, count in first.most_common()]
    return f"; of one-run methods the lowest: {', '.join(told)} of {first.total()}"


def mask_tells_source(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """In each target the overlaps of its learned mask with the sources' are correlated with the
    errors under theirs.

    It holds where the mean correlation over targets is beyond its interval, and the nearest mask is
    the best in most of them; it does not where that interval holds 0.
    """
    targets = _targets(results, evidence, learned=True)
    if len(targets) < FEWEST_TARGETS:
        return Verdict.UNTESTED, (
            f"no data: learned masks of {FEWEST_SOURCES} other languages in each of "
            f"{FEWEST_TARGETS} at least, and how much they overlap; found {len(targets)} such"
        )
    low, told = _correlated(targets)
    best = sum(map(_nearest_is_best, targets))
    others = _targets(results, evidence, learned=False)
    if others:
        told += f"; of magnitudes' masks: {_correlated(others)[1]}"
    return decide(low > 0 and 2 * best > len(targets), low <= 0), told


type Pairs = list[tuple[float, float]]
"""The overlap with a source's mask, and the difference in errors under it."""


def _targets(results: Sequence[Result], evidence: Evidence, *, learned: bool) -> list[Pairs]:
    """What is known of each target that has enough sources."""
    overlaps = _overlaps(evidence)
    heard = spoken(results)
    sources: dict[Target, dict[str, tuple[float, float]]] = {}
    for comparison in evidence.comparisons:
        first = comparison.first
        is_of_one = first.usual == TRANSFER and len(first.languages) == 1 and not first.combined
        if not is_of_one or row_of(first.run).learns != learned:
            continue
        (source,) = first.languages
        if heard.get(source, source) == heard.get(comparison.language, comparison.language):
            continue
        iou = _iou_of(comparison, source, overlaps)
        if iou is None:
            continue
        target: Target = (
            comparison.language,
            comparison.sparsity,
            comparison.seed,
            comparison.freeze_updates,
            comparison.upstream,
            comparison.train_minutes,
            comparison.decoding,
            comparison.conditions,
            _of_whichever(first),
            comparison.second,
        )
        sources.setdefault(target, {})[source] = iou, comparison.difference
    # Of several references the one with the most sources counts, so that a target counts once.
    most: dict[tuple[object, ...], Pairs] = {}
    for target, by_source in sources.items():
        place = target[:-1]
        if len(by_source) > len(most.get(place, ())):
            most[place] = list(by_source.values())
    return [pairs for pairs in most.values() if len(pairs) >= FEWEST_SOURCES]


def _overlaps(evidence: Evidence) -> dict[Mask, list[Overlap]]:
    """How much two languages' masks overlap; several times where more differs in the study."""
    # Evidence of before does not tell the upstream of a comparison.
    known = any(comparison.upstream for comparison in evidence.comparisons)
    overlaps: dict[Mask, list[Overlap]] = {}
    for overlap in evidence.overlaps:
        upstream = overlap.upstream if known else ""
        pair = frozenset((overlap.one, overlap.other))
        mask = overlap.method, overlap.sparsity, upstream, overlap.freeze_updates, pair
        overlaps.setdefault(mask, []).append(overlap)
    return overlaps


def _iou_of(
    comparison: Comparison, source: str, overlaps: Mapping[Mask, Sequence[Overlap]]
) -> float | None:
    """The overlap of a source's mask with the target's own; None where it is not known which of
    several it is.
    """
    mask: Mask = (
        comparison.first.run,
        comparison.sparsity,
        comparison.upstream,
        comparison.freeze_updates,
        frozenset((source, comparison.language)),
    )
    several = overlaps.get(mask, ())
    if len(several) > 1:
        own = _words(comparison.first.variant, comparison.conditions)
        several = [overlap for overlap in several if _words(overlap.conditions) == own]
    ious = {overlap.iou for overlap in several}
    return ious.pop() if len(ious) == 1 else None


def _words(*told: str) -> set[str]:
    """What differs in a study, in whichever order it is told, but which masks were given."""
    words = chain.from_iterable(words.split(", ") for words in told)
    return {word for word in words if word and not word.startswith(FIRST_MASK)}


def _of_whichever(arm: Arm) -> Arm:
    """An arm with the mask of no matter which language, and of its corpus."""
    variant = ", ".join(sorted(_words(arm.variant)))
    return replace(arm, languages=(), variant=variant, other=_CORPUS.sub("", arm.other).strip())


def _correlated(targets: Sequence[Pairs]) -> tuple[float, str]:
    """The lower bound of the mean correlation, and all of it in words."""
    rhos = list(map(_spearman, targets))
    low, high = mean_interval(rhos)
    best = sum(map(_nearest_is_best, targets))
    told = (
        f"Spearman's correlation of overlap with fewer errors, {len(targets)} targets: mean "
        f"{fmean(rhos):+.2f}, 95 % interval over targets [{low:+.2f}, {high:+.2f}]; the nearest "
        f"mask is the best in {best} of {len(targets)}"
    )
    return low, told


def _spearman(pairs: Pairs) -> float:
    """How overlap goes with fewer errors; 0 where one of them is the same everywhere."""
    import numpy as np  # noqa: PLC0415
    from scipy.stats import rankdata  # noqa: PLC0415  # a second of imports

    ious, differences = np.array(pairs).T
    overlaps, fewer = rankdata(ious), rankdata(-differences)
    if overlaps.std() == 0 or fewer.std() == 0:
        return 0.0
    return float(np.corrcoef(overlaps, fewer)[0, 1])


def _nearest_is_best(pairs: Pairs) -> bool:
    nearest = max(pairs, key=lambda pair: pair[0])
    return nearest[1] == min(difference for _, difference in pairs)


def language_is_a_mask(results: Sequence[Result], evidence: Evidence) -> tuple[Verdict, str]:
    """A mask that is learned on an upstream that stays as it is, beside the dense model; what
    adapters on it are beside that, and beside the mask, is told.

    It holds where at some sparsity it has more errors nowhere, and does not where it has at each in
    most of the pairs of a language and a seed.
    """
    by_sparsity: dict[float, list[Comparison]] = {}
    adapters: list[Comparison] = []
    beside_adapters: list[Comparison] = []
    for comparison in evidence.comparisons:
        row = comparison.first.row
        if row.adapts and comparison.first.own and comparison.second == DENSE:
            adapters.append(comparison)
        stays = row.weights is Weights.KEPT and not row.from_finetuned
        if not stays or not comparison.first.own:
            continue
        if comparison.second.row.adapts:
            beside_adapters.append(comparison)
        if comparison.second == DENSE:
            by_sparsity.setdefault(comparison.sparsity, []).append(comparison)
    if not by_sparsity:
        return Verdict.UNTESTED, "no data: no router beside a dense model"
    holds, fails = False, True
    told = []
    for sparsity, comparisons in sorted(by_sparsity.items()):
        tally = Tally.of(comparisons)
        told.append(f"at {sparsity:.0%}: {tally}")
        holds |= not tally.more
        fails &= 2 * tally.more > len(comparisons)
    if adapters:
        told.append(f"adapters against dense: {Tally.of(adapters)}")
    if beside_adapters:
        told.append(f"router against adapters: {Tally.of(beside_adapters)}")
    return decide(holds, fails), f"router against dense, {'; '.join(told)}"
