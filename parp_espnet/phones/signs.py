"""Signs that a synthesiser calls by their names, and that nobody says who reads the text.

eSpeak NG reads `*so*` as "asterisk so asterisk", `a . b` as "a dot b", a smiling face as "grinning
face", and in Kyrgyz quotation marks and brackets as well. Signs of reckoning are said beside digits
(3 + 4, 50 %, 20 °C), and so are currencies, & and the @ of an address; all else is left out and
counted.
"""

import re
import unicodedata
from collections import Counter

from parp_espnet.phones.characters import ARE_SPACES, is_letter

_BESIDE_DIGITS = frozenset("+=×÷±−°%‰/#§№<>≤≥≈")
_NEVER = frozenset("*\\|_~^‡†•‣※¶·∙‖")
_READ_OUT = {"ky": frozenset('"()[]{}')}
"""Ordinary punctuation that a voice reads out."""
_LOOSE = re.compile(r"\s+(?=[.,;:!?…]+(?:\s|$))")
"""In front of punctuation that stands alone, as in "so . no"."""
_DOTS = re.compile(r"(?<!\.)\.\.(?!\.)")
_ACCENT = re.compile(r"(?<=[^\W\d_])[´`](?=[^\W\d_])")
"""Typed for an apostrophe."""


def without_signs(language: str, text: str, dropped: Counter[str] | None = None) -> str:
    """Return a text with single spaces, without the signs that nobody says, which are counted in
    `dropped`.
    """
    text = _ACCENT.sub("'", text.translate(ARE_SPACES))
    kept = []
    for place, mark in enumerate(text):
        if _is_said(language, text, place):
            # The voices know the digits of ASCII alone.
            kept.append(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark)
        else:
            # What cannot be seen, such as a soft hyphen, does not part a word.
            kept.append("" if unicodedata.category(mark) == "Cf" else " ")
            if dropped is not None:
                dropped[mark] += 1
    joined = " ".join("".join(kept).split())
    return _DOTS.sub("…", _LOOSE.sub("", joined))


def _is_said(language: str, text: str, place: int) -> bool:
    """Whether a character is said, or guides how others are."""
    mark = text[place]
    if mark in _BESIDE_DIGITS:
        return _is_beside_digit(text, place)
    if mark == "@":
        around = text[place - 1 : place] + text[place + 1 : place + 2]
        return len(around) == 2 and all(map(is_letter, around))
    if mark in _NEVER or mark in _READ_OUT.get(language, ()):
        return False
    # Signs, symbols such as ☺, and characters of no meaning.
    return unicodedata.category(mark) not in ("Sk", "So", "Sm", "Cf", "Cn", "Co", "Cs")


def _is_beside_digit(text: str, place: int) -> bool:
    before = text[:place].rstrip()[-1:]
    after = text[place + 1 :].lstrip()[:1]
    return before.isnumeric() or after.isnumeric()
