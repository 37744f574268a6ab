"""From a written sentence to what is to be recognised: phones as eSpeak NG would say it, or letters.

The phones are those of a careful reader, not what an annotator heard.
"""

import unicodedata
from collections.abc import Mapping

from parp_espnet.phones.espeak import VOICES, Synthesiser
from parp_espnet.phones.ipa import clean, load_inventory, switches_language
from parp_espnet.scoring.words import SPACE

SCRIPTS: Mapping[str, str] = dict.fromkeys(VOICES, "LATIN") | {
    "ky": "CYRILLIC",
    "ru": "CYRILLIC",
    "tt": "CYRILLIC",
    "zh": "CJK",
}
"""The script of each language, as Unicode's names of letters begin."""
LETTERS = "letters"
"""In place of a language: spell the words."""

_OF_ANY_SCRIPT = frozenset({"FEMININE", "MASCULINE", "MODIFIER", "MICRO"})
_APOSTROPHES = str.maketrans("’ʼ‘`", "''''")


class WrongScriptError(ValueError):
    """A sentence has letters of another script."""


def phones_of(language: str, text: str) -> tuple[str, ...]:
    """Return the phones of a sentence in a language of `VOICES`.

    Raises `WrongScriptError`, or another `ValueError` that says in a few words why the sentence has no phones.
    """
    written = unicodedata.normalize("NFC", " ".join(text.split()))
    check_script(language, written)
    # A library of its own, since what eSpeak NG says depends on what it said before.
    with Synthesiser(language) as synthesiser:
        _, clauses = synthesiser.speak(written.lower())
    if switches_language(clauses):
        raise ValueError(f"expected {language} only, found words that are read in another language: {written!r}")
    phones = clean(language, clauses)
    if not phones:
        raise ValueError(f"expected a sentence, found no phone in {written!r}")
    if strange := sorted(set(phones) - set(load_inventory(language))):
        raise ValueError(f"expected phones of {language}, found {' '.join(strange)} in {written!r}")
    return phones


def letters_of(text: str) -> tuple[str, ...]:
    """Return the letters of a sentence, in lower case, with `SPACE` between words; punctuation is left out.

    Raises `ValueError` where there is no letter, or there are digits, which nobody reads letter by letter.
    """
    written = unicodedata.normalize("NFC", text.lower().translate(_APOSTROPHES))
    if digits := [mark for mark in written if mark.isdecimal()]:
        raise ValueError(f"expected words, found digits ({digits[0]}) in {text!r}: write them out")
    # An apostrophe is part of a word only within it.
    spelled = ("".join(mark if _is_letter(mark) else " " for mark in written)).split()
    words = [word for word in (one.strip("'") for one in spelled) if word]
    if not words:
        raise ValueError(f"expected words, found no letter in {text!r}")
    marks = [list(unicodedata.normalize("NFC", word)) for word in words]
    return tuple(mark for place, word in enumerate(marks) for mark in ([SPACE, *word] if place else word))


def units_of(kind: str, text: str) -> tuple[str, ...]:
    """Return phones where `kind` is a language, letters where it is `LETTERS`. Raises as these do."""
    return letters_of(text) if kind == LETTERS else phones_of(kind, text)


def check_script(language: str, text: str) -> None:
    """Raise `WrongScriptError` where a sentence has a letter of another script than the language's."""
    wanted = SCRIPTS[language]
    for mark in text:
        if mark.isalpha():
            script = unicodedata.name(mark, "UNKNOWN").partition(" ")[0]
            if script != wanted and script not in _OF_ANY_SCRIPT:
                expected = f"{'Chinese' if wanted == 'CJK' else wanted.title()} letters ({language})"
                raise WrongScriptError(f"expected {expected}, found {mark} ({script}) in {text!r}")


def _is_letter(mark: str) -> bool:
    return mark == "'" or unicodedata.category(mark)[0] in "LM"
