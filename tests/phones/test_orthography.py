"""What all texts say decides what one of them leaves open."""

import pytest

from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.orthography import learn

PROSE = (
    "it was said that nobody had ever seen a thing like that in all of these years at home or "
    "abroad"
)


def spelled(text: str, *others: str) -> str:
    """The letters of a text among others, with _ between words."""
    letters = letters_of(text, learn([text, *others]))
    return "".join(letters).replace("<space>", "_")


@pytest.mark.parametrize(
    ("text", "others", "letters"),
    [
        # A word has its apostrophe elsewhere, where none could close the quotation.
        ("'a yak'", ["'a so", "mo yak' da"], "'a_yak'"),
        ("'Ai ka ha‘", ["ʻo 'ai", "'ai"], "'ai_ka_ha'"),
        ("give 'em the dogs' food", ["we got 'em", "the dogs ran"], "give_'em_the_dogs'_food"),
        # Words that are met in quotation marks alone, or without them elsewhere.
        ("say 'foo' again", ["say 'bar' again", "say 'foo' again"], "say_foo_again"),
        ("'a yak'", ["a yak", "a yak"], "a_yak"),
        # A word that has two of them at all times, where most words have one.
        ("'arba'", ["'u ma'", "hu'", "'i", "'o", "so'", "'en"], "'arba'"),
        ("he said 'come here.'", ["'u 'ma", "'hu", "'i", "'o"], "he_said_come_here"),
    ],
)
def test_apostrophes(text: str, others: list[str], letters: str) -> None:
    assert spelled(text, *others) == letters


@pytest.mark.parametrize(
    ("text", "others", "letters"),
    [
        ("tsit8 lang5", ["u7 gua2"], "tsit8_lang5"),
        ("7an wa7 sḵw", ["na7"], "7an_wa7_sḵw"),
        ("ma3lesh 7abibi", [], "ma3lesh_7abibi"),
        ("ba51 ma mi214", ["ma mi ta so"], "ba51_ma_mi214"),
        # At the ends of words, too, where they are met within them.
        ("na: ka:ta", ["so:"], "na:_ka:ta"),
        ("na: so", [PROSE], "na_so"),
        ("?aba ba? si?o", [], "?aba_ba?_si?o"),
        ("yes? no", [PROSE], "yes_no"),
        ("n/um //ana ≠oma g!oe Ju|'hoan", [], "n/um_//ana_≠oma_g!oe_ju|'hoan"),
        ("one/two no! yes|no", [PROSE, PROSE, PROSE], "one_two_no_yes_no"),
        ("col·lecció", ["a·b"], "col·lecció"),
        ("Είπε· ναι", [" ".join(["και όχι"] * 20)], "είπε_ναι"),
        # I is the capital of ı where there is one.
        ("ISPARTA İzmir", ["ılık"], "ısparta_izmir"),
        ("ISPARTA", ["ilik"], "isparta"),
    ],
)
def test_digits_signs_and_capitals(text: str, others: list[str], letters: str) -> None:
    assert spelled(text, *others) == letters


@pytest.mark.parametrize(
    "text", ["an mp3 of covid19", "in h1n1 times", "2nd", "b2b", "20 m²", "the 90s"]
)
def test_few_words_with_digits_have_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="found digits"):
        spelled(text, *[PROSE] * 3)


def test_digits_that_are_letters_are_told() -> None:
    assert learn(["ma3 ʔa55 ma3"]).describe() == "digits in words are letters (ma3, ʔa55)"
    assert learn([PROSE, "mp3"]).describe() == ""
    assert not learn([]).digits


@pytest.mark.parametrize("sign", ["?", "!", "|"])
@pytest.mark.parametrize(
    "before", ["", '"', "(", "\u201c", "\u00ab", "\u2018", "a-", "a \u2014", "["]
)
def test_a_sign_that_begins_a_word_is_its_letter_behind_what_opens(sign: str, before: str) -> None:
    others = [f"{sign}a a{sign}a {sign}u"]
    text = f"{before}{sign}uno"
    letters = letters_of(text, learn([text, *others]))
    assert "".join(letters).endswith(f"{sign}uno")


def test_a_quotation_may_begin_with_a_sign() -> None:
    text = "'?uno dos' tres"
    letters = letters_of(text, learn([text, "?a a?a ?u"]))
    assert "".join(letters) == "?uno<space>dos<space>tres"
