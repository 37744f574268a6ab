"""Characters of written texts, as those who write them count and tell them."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

APOSTROPHES = frozenset("'’‘`´′＇")
"""Each is written ' where it is a letter. ʼ, ꞌ and ʻ are letters to Unicode, and stay what they
are.
"""
ARE_SPACES = str.maketrans({"\u200b": " ", "\ufeff": " "})
LOST = "\ufffd"
"""In the place of what could not be decoded."""
_OPENING = APOSTROPHES | {'"', "¿", "¡"}
_OPENERS = frozenset({"Ps", "Pi", "Pd"})
_TATWEEL = "\u0640"
_TIES = frozenset(map(chr, [*range(0x035C, 0x0363), 0x1DCD, 0x1DFC]))
"""Marks over two letters."""
_ARMENIAN = frozenset("\u055b\u055c\u055e\u055f")
"""Stress, exclamation and question, which stand within the word, behind a vowel."""


def clusters(text: str, dropped: Counter[str] | None = None) -> list[str]:
    """Return the characters of a text as readers count them: each with its marks, and two that a
    tie joins as one.

    What cannot be seen is left out, and counted in `dropped`.
    """
    dropped = Counter() if dropped is None else dropped
    found: list[str] = []
    for mark in unicodedata.normalize("NFC", text):
        if _is_invisible(mark):
            # It changes how its neighbours look, and does not part them.
            dropped[mark] += 1
        elif _is_mark(mark):
            if found and not found[-1].isspace():
                found[-1] += mark
            else:
                dropped[mark] += 1
        elif found and found[-1][-1] in _TIES and is_letter(mark):
            found[-1] += mark
        else:
            found.append(mark)
    return found


def decomposed(text: str) -> str:
    """Return a text in Unicode's canonical decomposition (NFD), the form of the project's IPA: a
    letter, then its marks.

    Two ways to encode ɔ̃ are one phone then, while every diacritic counts (pʰ is not p).
    """
    return unicodedata.normalize("NFD", text)


def lower(text: str, dotless: bool = False) -> str:
    """Return a text in lower case and NFC; where there is a `dotless` i, I is its capital."""
    # Cherokee is written in what Unicode calls capitals, and i with a dot above is the small letter
    # of İ to Python.
    composed = unicodedata.normalize("NFC", text).replace("İ", "i")
    if dotless:
        composed = composed.replace("I", "ı")
    # In one go, since a capital sigma at the end of a word has another small letter.
    if not any(map(_is_cherokee, composed)):
        return composed.lower()
    small: list[str] = []
    for mark in composed:
        small.append(mark.casefold() if _is_cherokee(mark) else mark.lower())
    return "".join(small)


@cache
def is_letter(mark: str) -> bool:
    """Whether Unicode calls a character a letter."""
    # 〇, a number to Unicode, is a character of Chinese.
    return unicodedata.category(mark[0]).startswith("L") or mark[0] == "〇"


@cache
def is_tone(mark: str) -> bool:
    """Whether it is a tone letter, or a digit above or below the line."""
    point = ord(mark[0])
    raised = unicodedata.decomposition(mark[0]).startswith(("<super>", "<sub>"))
    return raised or 0x02C2 <= point <= 0x02FF or 0xA700 <= point <= 0xA721


def at(marks: Sequence[str], place: int) -> str:
    """Return a character of a sentence, which has a space before and after it."""
    return marks[place] if 0 <= place < len(marks) else " "


@cache
def is_opening(mark: str) -> bool:
    """Whether a word may begin behind a character: a space, a bracket or a quotation mark, a dash,
    or what begins a sentence.
    """
    return mark.isspace() or mark in _OPENING or unicodedata.category(mark[0]) in _OPENERS


@cache
def _is_mark(mark: str) -> bool:
    return unicodedata.category(mark).startswith("M")


def _is_cherokee(mark: str) -> bool:
    return "\u13a0" <= mark <= "\u13fd" or "\uab70" <= mark <= "\uabbf"


@cache
def _is_invisible(mark: str) -> bool:
    """Whether it is a joiner, a mark of direction, a variation selector, or a stroke that only
    lengthens a line; or Armenian punctuation, which stands within words.
    """
    selector = (
        "\ufe00" <= mark <= "\ufe0f"
        or "\u180b" <= mark <= "\u180f"
        or "\U000e0100" <= mark <= "\U000e01ef"
    )
    other = mark in ("\u034f", _TATWEEL) or mark in _ARMENIAN
    return unicodedata.category(mark) == "Cf" or selector or other
