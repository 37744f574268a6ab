import unicodedata

import jiwer
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.scoring.alignment import align, canonical
from parp_espnet.scoring.per import count

PHONES = st.lists(st.sampled_from(["p", "pʰ", "ɔ̃", "ts", "a"]), max_size=12).map(tuple)


def test_pairs() -> None:
    assert align(("o", "l", "a"), ("o", "r", "a", "s")) == (
        ("o", "o"),
        ("l", "r"),
        ("a", "a"),
        (None, "s"),
    )
    assert align(("o", "l"), ()) == (("o", None), ("l", None))
    assert align((), ("o",)) == ((None, "o"),)
    assert align((), ()) == ()


def test_phones_are_canonical_and_keep_their_diacritics() -> None:
    composed = unicodedata.normalize("NFC", "ã")
    assert align((composed, "pʰ"), ("a\u0303", "p")) == (("a\u0303", "a\u0303"), ("pʰ", "p"))
    assert canonical([composed]) == ("a\u0303",)


@given(PHONES, PHONES)
def test_both_sides_are_whole_and_in_order(
    reference: tuple[str, ...], hypothesis: tuple[str, ...]
) -> None:
    pairs = align(reference, hypothesis)
    assert tuple(said for said, _ in pairs if said is not None) == canonical(reference)
    assert tuple(heard for _, heard in pairs if heard is not None) == canonical(hypothesis)


@given(PHONES.filter(bool), PHONES)
def test_counts_are_jiwers(reference: tuple[str, ...], hypothesis: tuple[str, ...]) -> None:
    found = count("u", align(reference, hypothesis))
    theirs = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    assert (found.substitutions, found.insertions, found.deletions) == (
        theirs.substitutions,
        theirs.insertions,
        theirs.deletions,
    )
    assert found.reference == len(reference)
