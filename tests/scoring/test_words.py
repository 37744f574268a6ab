import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.phones.spelled import SPACE
from parp_espnet.scoring.per import count_errors, total
from parp_espnet.scoring.words import Metric, characters, is_spelled, sentence, units, words

WORDS = st.lists(st.text(alphabet="abé", min_size=1, max_size=4), max_size=6)


def test_letters_become_words_and_characters() -> None:
    letters = ("e\u0301", "l", SPACE, SPACE, "y", "o")
    assert sentence(letters, spelled=True) == "él yo"
    assert words("él yo") == ("él", "yo")
    assert characters("él yo") == ("é", "l", SPACE, "y", "o")
    assert sentence(("él", "yo"), spelled=False) == "él yo"


@pytest.mark.parametrize(
    ("reference", "spelled"),
    [
        ("h o l a", True),
        ("e\u0301 l", True),
        (f"o l a {SPACE} si", True),
        ("ola si", False),
        ("a ver", False),
    ],
)
def test_letters_are_told_from_words(reference: str, spelled: bool) -> None:
    assert is_spelled({"u": tuple(reference.split())}) is spelled


@pytest.mark.parametrize(
    ("metric", "errors", "length"), [(Metric.PER, 2, 5), (Metric.WER, 2, 2), (Metric.CER, 2, 5)]
)
def test_units(metric: Metric, errors: int, length: int) -> None:
    said, heard = units(metric, {"u": ("e", "l", SPACE, "y", "o")}, {"u": ("e", "n", SPACE, "y")})
    found = total(count_errors(said, heard))
    assert (round(found.error_rate * length), found.reference) == (errors, length)


@given(st.lists(st.tuples(WORDS.filter(bool), WORDS), min_size=1, max_size=4))
def test_rates_are_jiwers(pairs: list[tuple[list[str], list[str]]]) -> None:
    references = {str(number): tuple(said) for number, (said, _) in enumerate(pairs)}
    hypotheses = {str(number): tuple(heard) for number, (_, heard) in enumerate(pairs)}
    said, heard = ([" ".join(words) for words in side] for side in zip(*pairs, strict=True))
    # Words that are all one letter long are letters of one word.
    if not is_spelled(references):
        assert total(
            count_errors(*units(Metric.WER, references, hypotheses))
        ).error_rate == jiwer.wer(said, heard)
        assert total(
            count_errors(*units(Metric.CER, references, hypotheses))
        ).error_rate == jiwer.cer(said, heard)


@given(st.lists(st.tuples(WORDS.filter(bool), WORDS), min_size=1, max_size=4))
def test_spelled_words_are_the_same_words(pairs: list[tuple[list[str], list[str]]]) -> None:
    def spell(words: list[str]) -> tuple[str, ...]:
        return tuple(SPACE if letter == " " else letter for letter in " ".join(words))

    references = {str(number): spell(said) for number, (said, _) in enumerate(pairs)}
    hypotheses = {str(number): spell(heard) for number, (_, heard) in enumerate(pairs)}
    said, heard = ([" ".join(words) for words in side] for side in zip(*pairs, strict=True))
    for metric, theirs in ((Metric.WER, jiwer.wer), (Metric.CER, jiwer.cer)):
        assert total(count_errors(*units(metric, references, hypotheses))).error_rate == theirs(
            said, heard
        )


def test_a_letter_may_have_marks_without_a_composed_form() -> None:
    assert is_spelled({"u": ("a\u0331", "k", "\u00e1")})
    assert not is_spelled({"u": ("a\u0331", "ts")})
