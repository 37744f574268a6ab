"""From a written sentence to its letters, in any orthography, without damage to it.

A letter is a base with all its marks (a̱, ɔ̃, कि), and two that a tie joins (k͡p). Of what is no letter to Unicode, these
are letters to those who write so, and are told from punctuation by what stands around them:

- apostrophes (glottal stops, ejectives, elisions) beside a letter, unless two of them quote what is between them;
- length, `:` between letters, `꞉` and `·` after one;
- tones after a letter: superscripts, Chao's tone letters, and digits (ma3, ʔa55, ma³³);
- `?` and `7` between letters (glottal stops), `!` and `|` in front of a word (clicks).

All else is left out and counted. Nothing is ever normalised to NFKC, which would turn u² into u2.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parp_espnet.scoring.words import SPACE

_APOSTROPHES = frozenset("'’‘`´")
"""Each is written ' where it is a letter. ʼ, ꞌ and ʻ are letters to Unicode, and stay what they are."""
_CLOSING: Mapping[str, str] = {"'": "'", "‘": "’", "`": "'`", "’": "’", "´": "´"}
"""What ends a quotation that begins with one of them."""
_BETWEEN = frozenset(":?׳״7")
_AFTER = frozenset("꞉·׳")
_BEFORE = frozenset("!|")
_TONE_DIGITS = frozenset("0123456")
_LONGEST_TONE = 3  # digits, as in 214
_SHOWN = 12
_ARE_SPACES = str.maketrans({"\u200b": " ", "\ufeff": " "})
_TATWEEL = "\u0640"
_TIES = frozenset(map(chr, [*range(0x035C, 0x0363), 0x1DCD, 0x1DFC]))
"""Marks over two letters."""


@dataclass
class Spelling:
    """The letters of each word, and how often each character was left out."""

    words: list[list[str]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def letters(self) -> tuple[str, ...]:
        """All letters, with `SPACE` between words."""
        found: list[str] = []
        for word in self.words:
            if found:
                found.append(SPACE)
            found += word
        return tuple(found)


def letters_of(text: str) -> tuple[str, ...]:
    """Return the letters of a sentence, in lower case and NFC, with `SPACE` between words.

    Raises `ValueError` where there is no letter, or there are numbers, which nobody reads letter by letter.
    """
    return spell(text).letters


def spell(text: str) -> Spelling:
    """Return the letters of a sentence and what is left out of it. Raises `ValueError` as `letters_of` does."""
    spelling = Spelling()
    marks = _clusters(_lower(text.translate(_ARE_SPACES)), spelling.dropped)
    quotes = _quotes(marks)
    word: list[str] = []
    for place, mark in enumerate(marks):
        if place not in quotes and _belongs(marks, place, bool(word), text):
            word.append(_written(mark))
            continue
        if word:
            spelling.words.append(word)
            word = []
        if not mark.isspace():
            spelling.dropped[mark] += 1
    if word:
        spelling.words.append(word)
    if not any(_is_letter(letter) for word in spelling.words for letter in word):
        raise ValueError(f"expected words, found no letter in {text!r}")
    return spelling


def clusters(text: str) -> list[str]:
    """Return the characters of a text as readers count them: each with its marks, and two that a tie joins as one."""
    return _clusters(text, Counter())


def describe_dropped(dropped: Counter[str]) -> str:
    """Return in a few words what was left out, such as "5 characters left out of the text (. 3, ! 2)"."""
    if not dropped:
        return ""
    counts = [f"{_shown(mark)} {times}" for mark, times in dropped.most_common(_SHOWN)]
    rest = len(dropped) - _SHOWN
    more = [f"{rest} others"] if rest > 0 else []
    number = dropped.total()
    return f"{number} character{'s' * (number != 1)} left out of the text ({', '.join([*counts, *more])})"


def _shown(mark: str) -> str:
    """A character, or its number where it would not be seen or would be taken for what stands around it."""
    visible = mark.isprintable() and not unicodedata.category(mark[0]).startswith(("M", "C", "Z"))
    return mark if visible and mark not in ",()" else " ".join(f"U+{ord(part):04X}" for part in mark)


def _lower(text: str) -> str:
    # Cherokee is written in what Unicode calls capitals, and i with a dot above is the small letter of İ to Python.
    composed = unicodedata.normalize("NFC", text).replace("İ", "i")
    return "".join(mark.casefold() if _is_cherokee(mark) else mark.lower() for mark in composed)


def _is_cherokee(mark: str) -> bool:
    return "\u13a0" <= mark <= "\u13fd" or "\uab70" <= mark <= "\uabbf"


def _clusters(text: str, dropped: Counter[str]) -> list[str]:
    found: list[str] = []
    for mark in unicodedata.normalize("NFC", text):
        if _is_invisible(mark):
            # It changes how its neighbours look, and does not part them.
            dropped[mark] += 1
        elif unicodedata.category(mark).startswith("M"):
            if found and not found[-1].isspace():
                found[-1] += mark
            else:
                dropped[mark] += 1
        elif found and found[-1][-1] in _TIES and _is_letter(mark):
            found[-1] += mark
        else:
            found.append(mark)
    return found


def _is_invisible(mark: str) -> bool:
    """Whether it is a joiner, a mark of direction, a variation selector, or a stroke that only lengthens a line."""
    selector = "\ufe00" <= mark <= "\ufe0f" or "\u180b" <= mark <= "\u180f" or "\U000e0100" <= mark <= "\U000e01ef"
    return unicodedata.category(mark) == "Cf" or selector or mark in ("\u034f", _TATWEEL)


def _is_letter(mark: str) -> bool:
    # 〇, a number to Unicode, is a character of Chinese.
    return unicodedata.category(mark[0]).startswith("L") or mark[0] == "〇"


def _is_tone(mark: str) -> bool:
    """Whether it is a tone letter, or a digit above or below the line."""
    point = ord(mark[0])
    raised = unicodedata.decomposition(mark[0]).startswith(("<super>", "<sub>"))
    return raised or 0x02C2 <= point <= 0x02FF or 0xA700 <= point <= 0xA721


def _quotes(marks: Sequence[str]) -> frozenset[int]:
    """The places of apostrophes that quote what is between them: one before a word, one after a word."""
    quotes: list[int] = []
    opened: list[int] = []
    for place, mark in enumerate(marks):
        if mark not in _APOSTROPHES:
            continue
        before, after = _at(marks, place - 1), _at(marks, place + 1)
        begins = _is_letter(after) and not _is_letter(before) and not _is_tone(before)
        ends = not before.isspace() and not _is_letter(after)
        if begins:
            opened.append(place)
        elif ends and opened and mark in _CLOSING[marks[opened[-1]]]:
            quotes += [opened.pop(), place]
    return frozenset(quotes)


def _at(marks: Sequence[str], place: int) -> str:
    """A character of a sentence, which has a space before and after it."""
    return marks[place] if 0 <= place < len(marks) else " "


def _belongs(marks: Sequence[str], place: int, follows: bool, text: str) -> bool:
    """Whether a character is a letter of its word; `follows` says that one stands right before it."""
    mark = marks[place]
    before, after = _at(marks, place - 1), _at(marks, place + 1)
    if _is_letter(mark):
        return True
    if mark in _APOSTROPHES:
        return follows or _is_letter(after)
    if mark in _BETWEEN and follows and (_is_letter(after) or after in _APOSTROPHES):
        return True
    if unicodedata.category(mark[0]).startswith("N"):
        if not follows or not (_is_tone(mark) or _is_tone_of_digits(marks, place)):
            raise ValueError(f"expected words, found digits ({mark}) in {text!r}: write them out")
        return True
    if mark in _BEFORE:
        return (_is_letter(after) or after == mark) and (before.isspace() or before == mark)
    return follows and (mark[0] in _AFTER or _is_tone(mark))


def _is_tone_of_digits(marks: Sequence[str], place: int) -> bool:
    """Whether a digit is one of at most `_LONGEST_TONE` that end a syllable."""
    begin, end = place, place + 1
    while _at(marks, begin - 1).isdecimal():
        begin -= 1
    while _at(marks, end).isdecimal():
        end += 1
    return end - begin <= _LONGEST_TONE and _TONE_DIGITS.issuperset(marks[begin:end])


def _written(mark: str) -> str:
    return "'" if mark in _APOSTROPHES else mark
