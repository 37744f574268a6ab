"""An inventory holds what its synthesiser can say."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from parp_espnet.corpora import inventories
from parp_espnet.corpora.drawn import DRAWN, drawn_phones
from parp_espnet.corpora.inventories import (
    FAST,
    Census,
    names,
    numbers,
    phrases,
    take_census,
    write_inventory,
)
from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES, Synthesiser
from parp_espnet.phones.ipa import clean, load_inventory
from parp_espnet.phones.phonemiser import WrongScriptError, check_script, composed, phones_said

WORDS, THOROUGH = 2000, 5000
SENTENCES = 100
USUAL = "“{}”, — {}? {}!"
PUNCTUATION = {
    "es": "¿{}? ¡{}! «{}»", "fr": "« {} » ; {} ! "
                                                           "{} …", "it": "«{}»: {}, {}.",
    "ky": "«{}» – {}; {}!", "nl": "‘{}’ ({}), {}?", "ru": "«{}» — {}: {}!", "sv": "”{}” – {}; {}.",
    "tr": "“{}”… {}’da {}?", "tt": "«{}» – {}, {}!", "zh": "「{}」、{}。《{}》！",
}  # fmt: skip


def sentences(language: str) -> Iterator[str]:
    """Yield names, phrases and numbers in another order than that of the inventory, between the
    usual punctuation.
    """
    random = Random(f"test {language}")
    texts = [*names(language), *phrases(language, 300, "test"), *numbers(language)]
    random.shuffle(texts)
    three = iter(texts)
    for first, second, third in zip(three, three, three, strict=False):
        yield PUNCTUATION.get(language, USUAL).format(first, second, third)


@pytest.mark.parametrize("language", sorted(VOICES))
def test_what_is_said_in_thousands_of_words_is_in_the_inventory(
    language: str, request: pytest.FixtureRequest
) -> None:
    wanted = THOROUGH if request.config.getoption("--thorough") else WORDS
    inventory = set(load_inventory(language))
    words = said = 0
    with Synthesiser(language, FAST) as synthesiser:
        for sentence in sentences(language):
            if words >= wanted and said > SENTENCES:
                break
            words += len(sentence.split()) if language != "zh" else len(sentence)
            text = composed(sentence).lower()
            try:
                check_script(language, text)
                phones = phones_said(synthesiser, language, text)
            except ValueError:
                continue
            said += 1
            assert inventory.issuperset(phones), (text, set(phones) - inventory)
    assert words >= wanted
    assert said > SENTENCES


@pytest.mark.parametrize("language", sorted(VOICES))
def test_what_the_corpus_is_drawn_with_stays_what_it_was(language: str) -> None:
    assert drawn_phones(language) <= set(load_inventory(language))
    if language in DRAWN:
        assert len(DRAWN[language].split()) == len(drawn_phones(language))
    else:
        assert drawn_phones(language) == set(load_inventory(language))


def test_an_inventory_has_its_counts_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words"
    words.write_text("hola\nllave\nab3\nмир\n")
    monkeypatch.setattr(
        inventories, "frequent_words", lambda language, most: islice(["pizza", "Pizza"], most)
    )
    for source in ("names", "phrases", "numbers", "letters"):
        monkeypatch.setattr(inventories, source, lambda language: iter(["7"]))
    census = take_census("es", 1, [words])
    assert census.texts == {
        "frequent": 1,
        "words": 2,
        "names": 1,
        "phrases": 1,
        "numbers": 1,
        "letters": 1,
    }
    assert census.refused == {"words": 1}
    write_inventory(census, tmp_path / "out")
    rows = [line.split("\t") for line in (tmp_path / "out/es.tsv").read_text().splitlines()]
    assert rows[0] == [
        "phone",
        "frequent",
        "words",
        "names",
        "phrases",
        "numbers",
        "letters",
        "as in",
    ]
    assert rows[1] == ["(texts)", "1", "2", "1", "1", "1", "1", ""]
    counted = {row[0]: row[1:] for row in rows[2:]}
    assert list(counted) == (tmp_path / "out/es.txt").read_text().split()
    assert counted["ts"] == ["1", "0", "0", "0", "0", "0", "pizza"]
    assert counted["o"] == ["0", "1", "0", "0", "0", "0", "hola"]


def test_consonants_come_first() -> None:
    census = Census("es")
    census.add("frequent", "ab", ["a", "b", "aː", "tʃ", "ɹ"])
    assert census.phones == ["b", "tʃ", "ɹ", "a", "aː"]


def test_what_a_census_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="--lang xx: no voice for this language"):
        take_census("xx", 1, [])
    monkeypatch.setattr(inventories, "frequent_words", lambda language, most: iter([]))
    with pytest.raises(UserError, match=r"--list .*nowhere: expected words in UTF-8"):
        take_census("es", 1, [tmp_path / "nowhere"])
    monkeypatch.setattr(inventories, "phones_said", lambda synthesiser, language, text: ("a", "N"))
    with pytest.raises(UserError, match=r"es: expected IPA, found N in '.*'; add it to the rules"):
        take_census("es", 1, [])


def test_what_is_between_marks_of_another_language_has_its_rules() -> None:
    assert clean("fr", ["l_ə- (en)_h_ˈɚ_ (cmn)ph_a5(fr)_l_ə-"]) == (
        "l",
        "ə",
        "h",
        "ə˞",
        "pʰ",
        "a",
        "l",
        "ə",
    )


def test_scripts_are_still_told_apart() -> None:
    with pytest.raises(WrongScriptError):
        check_script("ru", "hello")
