"""Phone feature error rate (PFER): a wrong phone costs as much as it differs in articulation.

The distance is panphon's `hamming_feature_edit_distance` (Mortensen et al., COLING 2016): inserting
or deleting a segment costs 1, substituting one costs the share of its 24 features that differ. Two
rates are made of it:

*   `pfer`: the sum of all distances over the segments of all references, a fraction as PER is.
    (panphon's own `feature_error_rate` divides the same way, but by its `feature_edit_distance`,
    where a deletion costs 0.5 to 1. Its `weighted_feature_edit_distance` has weights for 22 of the
    24 features, and a deletion costs 7.25.)
*   `pfer_per_utterance`: the mean distance of an utterance, in segments, not divided by its length.
    This is the PFER of PRiSM (Bharadwaj et al., ACL 2026): long utterances weigh more, and it
    compares on the same test set only.

A phone is the sequence of segments that panphon reads in it: ndz, ts and aɪ are three, two and two
segments (without a tie, as our inventories write them), t͡s with its tie is one. ASCII g is read as
ɡ, as PRiSM does. A phone that panphon does not know from end to end is one segment that differs
from every other in all features; panphon itself would drop what it does not know, and the error
with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.scoring.alignment import Phones, canonical, check_same

FEATURES = 24
_FIRST_UNKNOWN = 2  # panphon's features are -1, 0 and 1

type Segments = NDArray[np.int32]
"""(segments, FEATURES)."""


@dataclass(frozen=True)
class FeatureCounts:
    """Distance of one utterance, in 1/24 segments, from its reference of `segments` segments."""

    utterance: str
    segments: int
    distance: int


def count_feature_errors(
    references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]
) -> list[FeatureCounts]:
    """Measure every hypothesis, in the references' order.

    Raises `UserError` when an utterance lacks its hypothesis or a hypothesis its reference.
    """
    check_same(references, hypotheses)
    numbers: dict[str, int] = {}
    counts = []
    for utterance, reference in references.items():
        said, heard = _segments(reference, numbers), _segments(hypotheses[utterance], numbers)
        counts.append(FeatureCounts(utterance, len(said), _distance(said, heard)))
    return counts


def pfer(counts: Sequence[FeatureCounts]) -> float:
    """Return the distance over the reference's segments; above 1 when much is inserted.

    Raises `UserError` when no reference has a segment.
    """
    segments = distance = 0
    for utterance in counts:
        segments += utterance.segments
        distance += utterance.distance
    if not segments:
        raise UserError("no phone to score: the test set is empty")
    return distance / FEATURES / segments


def pfer_per_utterance(counts: Sequence[FeatureCounts]) -> float:
    """Return the mean distance of an utterance, in segments. Raises `UserError` when
    there is none.
    """
    if not counts:
        raise UserError("no utterance to score: the test set is empty")
    return sum(utterance.distance for utterance in counts) / FEATURES / len(counts)


def unknown(phones: Iterable[str]) -> list[str]:
    """Return the phones that panphon does not know, sorted."""
    return sorted({phone for phone in canonical(phones) if _known(phone) is None})


def difference(phone: str, other: str) -> int | None:
    """Return in how many features two phones differ, 24 a segment; None where panphon does not know
    one of them.
    """
    (first,), (second,) = canonical((phone,)), canonical((other,))
    said, heard = _known(first), _known(second)
    return None if said is None or heard is None else _distance(said, heard)


def _segments(phones: Phones, numbers: dict[str, int]) -> Segments:
    """Return the features of a sequence; `numbers` has a value for each phone unknown so far, and
    gets new ones.
    """
    parts = [np.zeros((0, FEATURES), np.int32)]
    for phone in canonical(phones):
        features = _known(phone)
        if features is None:
            number = numbers.setdefault(phone, _FIRST_UNKNOWN + len(numbers))
            features = np.full((1, FEATURES), number, np.int32)
        parts.append(features)
    return np.concatenate(parts)


def _distance(said: Segments, heard: Segments) -> int:
    """Return the cheapest edit, row by row of the usual table."""
    substitution = (said[:, None] != heard[None]).sum(axis=2)
    insertions = FEATURES * np.arange(len(heard) + 1)
    row = insertions
    for costs in substitution:
        best = row + FEATURES
        best[1:] = np.minimum(best[1:], row[:-1] + costs)
        # A cell is reached from any before it by insertions; without their cost, the cheapest so
        # far is the one.
        row = np.minimum.accumulate(best - insertions) + insertions
    return int(row[-1])


@cache
def _known(phone: str) -> Segments | None:
    """Return the segments of a phone, or None where panphon does not know all of it."""
    table = _table()
    spelled = phone.replace("g", "ɡ")
    if not spelled or not table.validate_word(spelled):
        return None
    return np.array(table.word_to_vector_list(spelled, numeric=True), np.int32)


@cache
def _table() -> Any:
    # Loading takes seconds, and most of what imports this package scores no features.
    from panphon.featuretable import FeatureTable  # noqa: PLC0415

    return FeatureTable()
