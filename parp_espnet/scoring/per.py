"""Phone error rate: errors of the cheapest alignment over the phones of the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parp_espnet.errors import UserError
from parp_espnet.scoring.alignment import Pair, Phones, align_all


@dataclass(frozen=True)
class Counts:
    """Errors of one utterance against its reference of `reference` phones."""

    utterance: str
    reference: int
    substitutions: int
    insertions: int
    deletions: int

    @property
    def errors(self) -> int:
        return self.substitutions + self.insertions + self.deletions


@dataclass(frozen=True)
class Total:
    """Errors of a whole set, as ESPnet's result tables have them."""

    sentences: int
    reference: int
    correct: int
    substitutions: int
    deletions: int
    insertions: int
    sentence_errors: int

    @property
    def error_rate(self) -> float:
        """Errors over reference phones; above 1 when much is inserted."""
        return (self.substitutions + self.deletions + self.insertions) / self.reference


def count_errors(
    references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]
) -> list[Counts]:
    """Align every reference with its hypothesis, in the references' order; see `alignment.align`.

    Raises:
        UserError: an utterance lacks its hypothesis, a hypothesis its reference, or a reference is
            empty.
    """
    alignments = align_all(references, hypotheses)
    return [count(utterance, pairs) for utterance, pairs in alignments.items()]


def count(utterance: str, pairs: Sequence[Pair]) -> Counts:
    """Count the errors of an aligned utterance."""
    substitutions = insertions = deletions = 0
    for said, heard in pairs:
        if said is None:
            insertions += 1
        elif heard is None:
            deletions += 1
        elif said != heard:
            substitutions += 1
    reference = len(pairs) - insertions
    return Counts(utterance, reference, substitutions, insertions, deletions)


def total(counts: Sequence[Counts]) -> Total:
    """Sum over utterances. Raises `UserError` when there is none."""
    if not counts:
        raise UserError("no utterance to score: the test set is empty")
    reference = substitutions = deletions = insertions = sentence_errors = 0
    for utterance in counts:
        reference += utterance.reference
        substitutions += utterance.substitutions
        deletions += utterance.deletions
        insertions += utterance.insertions
        if utterance.errors:
            sentence_errors += 1
    return Total(
        sentences=len(counts),
        reference=reference,
        correct=reference - substitutions - deletions,
        substitutions=substitutions,
        deletions=deletions,
        insertions=insertions,
        sentence_errors=sentence_errors,
    )
