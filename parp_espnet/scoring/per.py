"""Phone error rate: errors of the cheapest alignment over the phones of the reference."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jiwer
import jiwer.transforms as transform

from parp_espnet.errors import UserError

type Phones = tuple[str, ...]

_SPLIT = transform.Compose([transform.ReduceToListOfListOfWords(word_delimiter=" ")])


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


def count_errors(references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]) -> list[Counts]:
    """Align every reference with its hypothesis, in the references' order.

    Phones are compared in Unicode's canonical decomposition: two ways to encode ɔ̃ are one phone, while every
    diacritic counts (pʰ is not p). All three errors cost 1; sclite weighs them 4, 3, 3 and may split the same
    alignment otherwise.

    Raises:
        UserError: an utterance lacks its hypothesis, a hypothesis its reference, or a reference is empty.
    """
    _check_same(references, hypotheses)
    utterances = list(references)
    if empty := [utterance for utterance in utterances if not references[utterance]]:
        raise UserError(f"utterance {empty[0]} has no phone in its reference; leave it out of the test set")
    counts = []
    for utterance in utterances:
        aligned = jiwer.process_words(
            _joined(references[utterance]),
            _joined(hypotheses[utterance]),
            reference_transform=_SPLIT,
            hypothesis_transform=_SPLIT,
        )
        length = len(references[utterance])
        counts.append(Counts(utterance, length, aligned.substitutions, aligned.insertions, aligned.deletions))
    return counts


def total(counts: Sequence[Counts]) -> Total:
    """Sum over utterances. Raises `UserError` when there is none."""
    if not counts:
        raise UserError("no utterance to score: the test set is empty")
    reference = sum(count.reference for count in counts)
    substitutions = sum(count.substitutions for count in counts)
    deletions = sum(count.deletions for count in counts)
    return Total(
        sentences=len(counts),
        reference=reference,
        correct=reference - substitutions - deletions,
        substitutions=substitutions,
        deletions=deletions,
        insertions=sum(count.insertions for count in counts),
        sentence_errors=sum(count.errors > 0 for count in counts),
    )


def _joined(phones: Phones) -> str:
    return unicodedata.normalize("NFD", " ".join(phones))


def _check_same(references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]) -> None:
    for one, other, what in ((references, hypotheses, "hypothesis"), (hypotheses, references, "reference")):
        if missing := [utterance for utterance in one if utterance not in other]:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise UserError(f"utterance {missing[0]}{more}: no {what}; score and decode the same set")
