"""What a voice calls by its name and nobody says."""

from collections import Counter

import pytest

from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.phonemiser import phones_of
from parp_espnet.phones.signs import without_signs

WORDS = {"ky": "ооба", "ru": "да", "tt": "әйе", "zh": "你好"}
SIGNS = """
    ~ * ** / // \\ | # ^ _ = + < > ‡ • ↑ ° © ™ ☺ 😀 ♥ ( ) [ ] { }
    " « » “ ” . , ; : ! ? … .. ... - – — @
"""


@pytest.mark.parametrize("language", sorted(VOICES))
def test_no_sign_between_words_is_said(language: str) -> None:
    word = WORDS.get(language, "mama")
    names: dict[str, int] = {}
    for sign in SIGNS.split():
        said = phones_of(language, f"{word} {sign} {word}.")
        # How words are joined may depend on a pause between them; a name is longer.
        names[sign] = len(said) - len(phones_of(language, f"{word} {word}."))
    assert {sign for sign, longer in names.items() if longer} == set()


@pytest.mark.parametrize(
    ("text", "left", "signs"),
    [
        ("*so* 'tis", "so 'tis", "**"),
        ("this . or that .. no !", "this. or that… no!", ""),
        ("one/two = three ~ 😀 ok", "one two three ok", "/=~😀"),
        ("3 + 4 = 7, 1/2, 50 % of 20°C", "3 + 4 = 7, 1/2, 50 % of 20°C", ""),
        ("R&B, me@example.org for $5 @ home", "R&B, me@example.org for $5 home", "@"),
        ("l´ami d`ici `so´", "l'ami d'ici so", "`´"),
        ("(so) \"it\" [is]", "(so) \"it\" [is]", ""),
    ],
)  # fmt: skip
def test_what_is_left_out_is_counted(text: str, left: str, signs: str) -> None:
    dropped: Counter[str] = Counter()
    assert without_signs("en", text, dropped) == left
    assert dropped == Counter(signs)


def test_quotation_marks_are_not_read_out_in_kyrgyz() -> None:
    assert phones_of("ky", 'ооба "ооба" (ооба)') == phones_of("ky", "ооба ооба ооба")
