import unicodedata

import pytest

from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.phonemiser import SCRIPTS, WrongScriptError, phones_of


@pytest.mark.parametrize(
    ("language", "text", "phones"),
    [
        ("es", "Hola, mundo", "o l a m u n d o"),
        ("ru", "мир", "mʲ i r"),
        ("zh", "學", "ɕ ɥ ɛ"),
        ("fr", unicodedata.normalize("NFD", "été"), "e t e"),
    ],
)
def test_phones(language: str, text: str, phones: str) -> None:
    assert phones_of(language, text) == tuple(phones.split())


@pytest.mark.parametrize(
    ("language", "text", "small"),
    [
        ("tr", "Isparta, IRAK!", "ısparta, ırak!"),
        ("tr", "İzmir", "izmir"),
        ("tr", unicodedata.normalize("NFD", "İZMİR"), "izmir"),
        ("az", "Işıq", "ışıq"),
        ("az", "İNSAN", "insan"),
        # In no other language.
        ("es", "IRÁN", "irán"),
        ("sv", "I dag", "i dag"),
    ],
)
def test_a_capital_is_said_as_its_small_letter(language: str, text: str, small: str) -> None:
    assert phones_of(language, text) == phones_of(language, small)


@pytest.mark.parametrize(
    ("language", "text", "message"),
    [
        ("es", "hola мир", "expected Latin letters .es., found м .CYRILLIC. in 'hola мир'"),
        ("ru", "hello", "expected Cyrillic letters .ru., found h .LATIN."),
        ("zh", "hello 你好", "expected Chinese letters"),
        ("es", " …", "found no phone in '…'"),
        ("es", "", "found no phone in ''"),
        ("es", "tres ¾", "found a number that nobody reads .¾."),
        ("en", "step ①", "found a number that nobody reads .①."),
        ("es", "caf\ufffd", "found a character that was lost"),
    ],
)
def test_what_has_no_phones(language: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        phones_of(language, text)
    assert isinstance(raised.value, WrongScriptError) == ("letters" in message)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("A YEAR, ago", "a <space> y e a r <space> a g o"),
        ("it’s 'fine'", "i t ' s <space> f i n e"),
        (unicodedata.normalize("NFD", "été-là"), "é t é <space> l à"),
    ],
)
def test_letters(text: str, letters: str) -> None:
    assert letters_of(text) == tuple(letters.split())


@pytest.mark.parametrize(
    ("text", "message"), [("...", "found no letter"), ("in 1990", "found digits .1.")]
)
def test_what_has_no_letters(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        letters_of(text)


def test_every_voice_has_a_script() -> None:
    assert SCRIPTS.keys() == VOICES.keys()
    assert {"LATIN", "CYRILLIC", "CJK"} <= set(SCRIPTS.values())
    letters = [unicodedata.name(chr(code), "") for code in range(0x3000)]
    for script in set(SCRIPTS.values()) - {"CJK"}:
        assert sum(name.startswith(f"{script} ") for name in letters) > 20


@pytest.mark.parametrize(
    ("language", "text", "phones"),
    [
        ("en", "written button", "ɹ ɪ ʔ n b ʌ ʔ n"),
        ("en", "croissant Bach", "k w ɑː s ɑ̃ b ɑː x"),
        ("ru", "её", "j ɪ j ɵ"),
        ("nl", "beetje", "b eː tʲ ə"),
        ("zh", "哟", "j o"),
        ("tr", "olduğunu", "ɔ ɫ d uː n ʊ"),
        # Borrowed words are said by their own language's rules.
        ("fr", "le week-end", "l ə w iː k ɛ n d"),
        ("it", "Juan", "x w a n"),
        ("fr", "lʼété", "l e t e"),
        ("en", "９ ٣", "n aɪ n θ ɹ iː"),
        # What cannot be seen does not part a word.
        ("en", "co\u00adop\u200derate", "k oʊ ɑː p ə˞ ɹ eɪ t"),
        ("en", "so\u200bso", "s oʊ s oʊ"),
    ],
)
def test_what_the_synthesiser_says_is_taken(language: str, text: str, phones: str) -> None:
    assert phones_of(language, text) == tuple(unicodedata.normalize("NFD", phones).split())


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "兄弟"), ("tt", "5%"), ("ky", "к"), ("ru", "½")]
)
def test_what_the_voice_cannot_read_is_no_loan(language: str, text: str) -> None:
    """It would be English letters' names, or "per cent", which no speaker of the language says."""
    with pytest.raises(
        ValueError, match=f"expected {language} only, found words that are read in another language"
    ):
        phones_of(language, text)
