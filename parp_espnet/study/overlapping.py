"""How much the first masks of several languages have in common."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from parp_espnet.pruning.anatomy import by_kind, by_layer, iou_by
from parp_espnet.pruning.masks import Mask, iou
from parp_espnet.pruning.methods import Source
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import JOINT, arm_of
from parp_espnet.study.collect import Done
from parp_espnet.study.comparable import ranking_options
from parp_espnet.study.evidence import (
    Overlap,
)
from parp_espnet.study.experiment import FINAL_MASK
from parp_espnet.study.lengths import Lengths
from parp_espnet.study.names import whose
from parp_espnet.study.variants import Differences

MPI = "mpi"
"""Whose the mask is called that is nobody's."""

type Setting = tuple[str, float, int, str]
"""Upstream, sparsity, frozen updates, and what else differs."""
type Ranking = tuple[str | None, ...]
"""What is pruned, and how it is ranked: `variants.ranking_options`."""


def overlaps(done: Sequence[Done], apart: Differences) -> Iterator[Overlap]:
    """Overlap of the OMP masks of all languages and of a joint run, and of each with MPI.

    They are of one upstream, sparsity and schedule of freezing; languages are in the study's order.
    """
    lengths = Lengths.of([run.result for run in done])
    groups: dict[Setting, list[Done]] = {}
    of_omp: dict[Setting, None] = {}
    for run in done:
        result = run.result
        setting = _setting(result, lengths.beside(apart.all(result), result))
        groups.setdefault(setting, []).append(run)
        if _is_of_omp(result):
            of_omp[setting] = None
    for setting in of_omp:
        upstream, sparsity, frozen, more = setting
        masks: dict[str, Mask] = {}
        nobodys: set[str] = set()
        for run in filter(has_comparable_mask, groups[setting]):
            file = run.folder / run.experiment.mask.name
            if not file.is_file():
                continue
            name = whose(run.result)
            if _is_nobodys(run.result):
                name = run.result.method
                nobodys.add(name)
            masks.setdefault(name, Mask.load(file))
        # Any MPI mask will do: it depends on the upstream alone.
        for left, right in combinations(
            sorted(masks, key=lambda name: (name in nobodys, name == JOINT)), 2
        ):
            a, b = masks[left].kept, masks[right].kept
            if masks[left].fingerprint == masks[right].fingerprint:
                yield Overlap(
                    sparsity, upstream, frozen, left, right, iou(a, b), iou_by(a, b, by_layer), more
                )


def learned_overlaps(done: Sequence[Done], apart: Differences) -> Iterator[Overlap]:
    """Overlap of the masks of all languages that one method has learned, and of each with MPI's.

    They are what trainings ended with, of one upstream, sparsity and schedule of freezing.
    """
    lengths = Lengths.of([run.result for run in done])
    masks: dict[tuple[str, Setting], dict[str, Mask]] = {}
    nobodys: dict[tuple[Setting, Ranking], Mask] = {}
    ranked: dict[tuple[str, Setting], Ranking] = {}
    for run in done:
        result, arm = run.result, arm_of(run.result)
        file = run.folder / FINAL_MASK
        if not file.is_file() or not arm.own:
            continue
        if _is_nobodys(result) and has_comparable_mask(run):
            nobody = _setting(result, ""), ranking_options(result)
            nobodys.setdefault(nobody, Mask.load(file))
        if arm.row.learns:
            place = result.method, _setting(result, lengths.beside(apart.all(result), result))
            ranked[place] = ranking_options(result)
            masks.setdefault(place, {}).setdefault(whose(result), Mask.load(file))
    for (method, setting), by_language in masks.items():
        upstream, sparsity, frozen, more = setting
        # Of the same pool and pattern; it depends on no other option.
        beside = nobodys.get(((upstream, sparsity, frozen, ""), ranked[method, setting]))
        several = by_language | ({} if beside is None else {MPI: beside})
        for left, right in combinations(several, 2):
            a, b = several[left], several[right]
            if a.fingerprint == b.fingerprint:
                yield Overlap(
                    sparsity, upstream, frozen, left, right, iou(a.kept, b.kept),
                    iou_by(a.kept, b.kept, by_layer), more, method,
                    iou_by(a.kept, b.kept, by_kind),
                )  # fmt: skip


def _setting(result: Result, more: str) -> Setting:
    return result.upstream, result.sparsity_target, result.freeze_updates, more


def has_comparable_mask(run: Done) -> bool:
    """Whether its first mask is an OMP mask of its own language or languages, or MPI's."""
    arm = arm_of(run.result)
    ranked = _is_of_omp(run.result) or _is_nobodys(run.result)
    return ranked and not arm.first and not arm.given


def _is_of_omp(result: Result) -> bool:
    """Whether its mask is OMP's, which stays."""
    row = arm_of(result).row
    return row.first_mask is Source.FINETUNED and not row.adjusts


def _is_nobodys(result: Result) -> bool:
    """Whether its mask, which stays, is ranked by the upstream alone."""
    row = arm_of(result).row
    return row.first_mask is Source.PRETRAINED and not row.adjusts
