from random import Random

import pytest

from parp_espnet.corpora.phrases import SPLITS, phrase_book, split_of
from parp_espnet.phones.espeak import VOICES


@pytest.mark.parametrize("language", sorted(VOICES))
def test_sets_share_no_name(language: str) -> None:
    books = {split: phrase_book(language, split) for split in SPLITS}
    for split, book in books.items():
        assert len(book.names) > 100
        assert len(book.currencies) > 10
        assert {split_of(name) for name in book.names} == {split}
    assert len(books["train"].names) > 1000
    # Tatar has none.
    assert bool(books["train"].units) == (language != "tt")


def test_split_does_not_depend_on_case() -> None:
    names = [name for split in SPLITS for name in phrase_book("es", split).names]
    assert all(
        split_of(name) == split_of(name.upper()) for name in names if name.upper().lower() == name
    )


def test_names_have_no_brackets_and_no_digits() -> None:
    for name in phrase_book("zh", "train").names + phrase_book("en", "train").names:
        assert not set(name) & set("()（）0123456789")
        assert name == name.strip()


def test_phrases_differ_and_depend_on_the_random_numbers_alone() -> None:
    book = phrase_book("nl", "train")
    first, second = (
        [book.phrase(random) for _ in range(2000)] for random in (Random(4), Random(4))
    )
    assert first == second
    assert len(set(first)) > 1900


@pytest.mark.parametrize("split", SPLITS)
def test_dates_and_amounts_are_of_their_own_set(split: str) -> None:
    book = phrase_book("fr", split)
    random = Random(1)
    for draw in (book._date, book._money, book._quantity, book._number):
        assert {split_of(draw(random)) for _ in range(50)} == {split}
