"""From a written sentence to its phones, as eSpeak NG would say it.

The phones are those of a careful reader, not what an annotator heard.
"""

import re
import unicodedata
from collections import Counter

from parp_espnet.phones.characters import LOST, lower
from parp_espnet.phones.espeak import LANGUAGES, Synthesiser
from parp_espnet.phones.ipa import clean, load_inventory, says_own, switches_language
from parp_espnet.phones.signs import without_signs

SCRIPTS = {code: language.script for code, language in LANGUAGES.items()}
"""The script of each of the project's languages, as Unicode's names of letters begin."""
LETTERS = "letters"
"""In place of a language: spell the words (`parp_espnet.phones.letters`)."""

_OF_ANY_SCRIPT = frozenset({"FEMININE", "MASCULINE", "MODIFIER", "MICRO"})
_APOSTROPHES = str.maketrans("ʼꞌ", "''")
_ORDINARY = frozenset(
    {"Ll", "Lu", "Mn", "Nd", "Zs", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sc", "Sm"}
)
"""Categories of the characters of ordinary text; signs are of others."""
_DOTLESS = frozenset({"tr", "az", "kaa", "crh", "gag"})
"""Codes of languages in which the small letter of I is ı."""
_PHONETIC = re.compile("[\u0250-\u02af]")


class WrongScriptError(ValueError):
    """A sentence has letters of another script."""


def phones_of(language: str, text: str, dropped: Counter[str] | None = None) -> tuple[str, ...]:
    """Return the phones of a sentence in a language of `VOICES`, or of eSpeak NG's others
    (`parp_espnet.phones.languages`); signs that nobody says are counted in `dropped`.

    Raises `WrongScriptError`, or another `ValueError` that says in a few words why the sentence has
    no phones.
    """
    written = composed(text)
    check_script(language, written)
    if LOST in written:
        raise ValueError(f"expected a text, found a character that was lost (U+FFFD) in {text!r}")
    written = without_signs(language, written, dropped)
    _check_numbers(language, written)
    # A library of its own, since what eSpeak NG says depends on what it said before.
    with Synthesiser(language) as synthesiser:
        phones = phones_said(synthesiser, language, _in_small_letters(language, written))
    if not phones:
        raise ValueError(f"expected a sentence, found no phone in {written!r}")
    # Nobody has listened to the others and listed what they say.
    known = load_inventory(language) if language in SCRIPTS else phones
    if strange := sorted(set(phones) - set(known)):
        raise ValueError(f"expected phones of {language}, found {' '.join(strange)} in {written!r}")
    return phones


def _in_small_letters(language: str, written: str) -> str:
    has_dotless = language.lower().partition("-")[0] in _DOTLESS
    return lower(written, dotless=True) if has_dotless else written.lower()


def _check_numbers(language: str, written: str) -> None:
    """Raise `ValueError` where there is a number such as ¾ that the voice would leave out."""
    for mark in sorted(set(written)):
        if unicodedata.category(mark) != "No":
            continue
        with Synthesiser(language) as synthesiser:
            if not phones_said(synthesiser, language, mark):
                raise ValueError(
                    f"expected {language}, found a number that nobody reads ({mark}) in {written!r}"
                )


def composed(text: str) -> str:
    """Return a text with single spaces, in NFC, with its apostrophes as eSpeak NG knows them."""
    return unicodedata.normalize("NFC", " ".join(text.split())).translate(_APOSTROPHES)


def phones_said(synthesiser: Synthesiser, language: str, written: str) -> tuple[str, ...]:
    """Return the phones of a text as a synthesiser of `language` says it, of its inventory or not.

    Words that are borrowed are said in their own language, since eSpeak NG knows them. Raises
    `ValueError` where it is English because the voice cannot read it: a sign, or a word in a script
    that English has not.
    """
    _, clauses = synthesiser.speak(written)
    is_unread = language not in SCRIPTS and not says_own(clauses)
    if switches_language(clauses) and (is_unread or not _may_be_borrowed(language, written)):
        raise ValueError(
            f"expected {language} only, found words that are read in another language: {written!r}"
        )
    return clean(language, clauses)


def _may_be_borrowed(language: str, written: str) -> bool:
    """Whether there is nothing but words in it that eSpeak NG's other languages can read, too."""
    categories = {unicodedata.category(mark) for mark in written}
    is_latin = SCRIPTS.get(language, _only_script(written)) == "LATIN"
    return is_latin and categories <= _ORDINARY and not _PHONETIC.search(written)


def _only_script(written: str) -> str | None:
    """The script of all letters of a text; None where there are several."""
    scripts = {_script_of(mark) for mark in written if mark.isalpha()} - _OF_ANY_SCRIPT
    return scripts.pop() if len(scripts) == 1 else None


def _script_of(mark: str) -> str:
    return unicodedata.name(mark, "UNKNOWN").partition(" ")[0]


def check_script(language: str, text: str) -> None:
    """Raise `WrongScriptError` where a sentence has a letter of another script than the
    language's, where that is known.
    """
    wanted = SCRIPTS.get(language)
    if wanted is None:
        return
    for mark in text:
        if mark.isalpha():
            script = _script_of(mark)
            if script != wanted and script not in _OF_ANY_SCRIPT:
                expected = (
                    f"{'Chinese' if wanted == 'CJK' else wanted.title()} letters ({language})"
                )
                raise WrongScriptError(f"expected {expected}, found {mark} ({script}) in {text!r}")
