"""Which phone was heard as which: the cheapest alignment of a reference with a hypothesis."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.phones.characters import decomposed

type Phones = tuple[str, ...]

type Pair = tuple[str | None, str | None]
"""A phone of the reference and the one heard in its place; None where there is none (an insertion,
a deletion).
"""


def canonical(phones: Iterable[str]) -> Phones:
    """Return phones in Unicode's canonical decomposition (NFD): two ways to encode ɔ̃ are one
    phone, while every diacritic counts (pʰ is not p).
    """
    return tuple(map(decomposed, phones))


@cache
def _split_at_spaces() -> Any:
    import jiwer.transforms  # noqa: PLC0415

    return jiwer.transforms.Compose(
        [jiwer.transforms.ReduceToListOfListOfWords(word_delimiter=" ")]
    )


def which_are_right(reference: Phones, hypothesis: Phones) -> list[bool]:
    """Return of each phone of a hypothesis whether it is right, in the alignment that `align`
    makes.
    """
    pairs = align(reference, hypothesis)
    return [said == heard for said, heard in pairs if heard is not None]


def align(reference: Phones, hypothesis: Phones) -> tuple[Pair, ...]:
    """Return the pairs of one alignment with the fewest errors, by jiwer, in order and in canonical
    decomposition.

    All three errors cost 1; sclite weighs them 4, 3, 3 and may split the same utterance otherwise.
    No phone may have a space in it.
    """
    said, heard = canonical(reference), canonical(hypothesis)
    # Imported here: who reads a table of merged phones aligns none.
    import jiwer  # noqa: PLC0415

    split = _split_at_spaces()
    aligned = jiwer.process_words(
        " ".join(said), " ".join(heard), reference_transform=split, hypothesis_transform=split
    )
    pairs: list[Pair] = []
    for chunk in aligned.alignments[0]:
        left = said[chunk.ref_start_idx : chunk.ref_end_idx]
        right = heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
        if chunk.type == "insert":
            pairs += [(None, phone) for phone in right]
        elif chunk.type == "delete":
            pairs += [(phone, None) for phone in left]
        else:
            pairs += zip(left, right, strict=True)
    return tuple(pairs)


def align_all(
    references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]
) -> dict[str, tuple[Pair, ...]]:
    """Align every reference with its hypothesis, in the references' order.

    Raises:
        UserError: an utterance lacks its hypothesis, a hypothesis its reference, or a reference is
            empty.
    """
    check_same(references, hypotheses)
    for utterance, reference in references.items():
        if not reference:
            raise UserError(
                f"utterance {utterance} has no phone in its reference; leave it out of the test set"
            )
    alignments = {}
    for utterance, reference in references.items():
        alignments[utterance] = align(reference, hypotheses[utterance])
    return alignments


def check_same(references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]) -> None:
    """Raise `UserError` that names an utterance which only one of the two has."""
    for some, others, what in (
        (references, hypotheses, "hypothesis"),
        (hypotheses, references, "reference"),
    ):
        missing = [utterance for utterance in some if utterance not in others]
        if missing:
            named = missing[0]
            if len(missing) > 1:
                named += f" and {len(missing) - 1} more"
            raise UserError(f"utterance {named}: no {what}; score and decode the same set")
