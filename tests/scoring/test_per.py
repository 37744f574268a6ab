import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.errors import UserError
from parp_espnet.scoring.per import Counts, count_errors, total


def counts_of(reference: str, hypothesis: str) -> Counts:
    (found,) = count_errors({"u": tuple(reference.split())}, {"u": tuple(hypothesis.split())})
    return found


@pytest.mark.parametrize(
    ("reference", "hypothesis", "substitutions", "insertions", "deletions"),
    [
        ("o l a", "o l a", 0, 0, 0),
        ("o l a", "o r a", 1, 0, 0),
        ("o l a", "o l a s", 0, 1, 0),
        ("o l a", "l a", 0, 0, 1),
        ("o l a", "", 0, 0, 3),
        ("a", "b c d", 1, 2, 0),
        ("p a", "pʰ a", 1, 0, 0),
        ("a ː", "aː", 1, 0, 1),
    ],
)
def test_errors(
    reference: str, hypothesis: str, substitutions: int, insertions: int, deletions: int
) -> None:
    length = len(reference.split())
    assert counts_of(reference, hypothesis) == Counts(
        "u", length, substitutions, insertions, deletions
    )


def test_two_encodings_of_a_phone_are_one() -> None:
    composed, decomposed = (unicodedata.normalize(form, "ã") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert counts_of(composed, decomposed).errors == 0


PHONES = st.lists(st.sampled_from("abcd"), max_size=12)


def distance(one: list[str], other: list[str]) -> int:
    """Levenshtein's distance, by its definition."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]


@given(PHONES.filter(bool), PHONES)
def test_the_alignment_is_the_cheapest(reference: list[str], hypothesis: list[str]) -> None:
    found = counts_of(" ".join(reference), " ".join(hypothesis))
    assert found.errors == distance(reference, hypothesis)
    assert found.reference - found.deletions + found.insertions == len(hypothesis)


def test_total() -> None:
    references = {"a": ("o", "l", "a"), "b": ("s", "i")}
    found = total(count_errors(references, {"b": ("s", "i"), "a": ("o", "a", "a", "a")}))
    assert (found.sentences, found.reference, found.sentence_errors) == (2, 5, 1)
    assert found.correct + found.substitutions + found.deletions == 5
    assert found.error_rate == 2 / 5


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(UserError, match="utterance b and 1 more: no hypothesis"):
        count_errors({"a": ("x",), "b": ("x",), "c": ("x",)}, {"a": ()})
    with pytest.raises(UserError, match="utterance z: no reference"):
        count_errors({"a": ("x",)}, {"a": (), "z": ()})
    with pytest.raises(UserError, match="utterance a has no phone"):
        count_errors({"a": ()}, {"a": ()})
    with pytest.raises(UserError, match="the test set is empty"):
        total([])
