"""From a written sentence to its letters, in any orthography, without damage to it.

A letter is a base with all its marks (a̱, ɔ̃, कि), and two that a tie joins (k͡p). Of what is no
letter to Unicode, these are letters to those who write so, and are told from punctuation by what
stands around them, and from numbers and quotations by all the texts that are spelled alike
(`parp_espnet.phones.orthography`):

- apostrophes (glottal stops, ejectives, elisions) beside a letter, unless two of them quote what is
  between them;
- length, `:` and `·` between letters, and behind one where many words have them, `꞉` after one;
- tones after a letter: superscripts and Chao's tone letters;
- digits beside a letter (ma3, ʔa55, wa7), where many words have them;
- `?` between letters (a glottal stop), `!` and `|` in front of a word (clicks); where many words
  have them, anywhere,
  and `/ ^ @ ≠` likewise.

All else is left out and counted. Nothing is ever normalised to NFKC, which would turn u² into u2.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from parp_espnet.phones.characters import (
    APOSTROPHES,
    ARE_SPACES,
    LOST,
    at,
    clusters,
    is_letter,
    is_opening,
    is_tone,
    lower,
)
from parp_espnet.phones.orthography import (
    MOST_DIGITS,
    NEVER_FIRST,
    NEVER_LAST,
    Orthography,
    learn,
    may_follow,
    quotes,
)
from parp_espnet.phones.spelled import SPACE

_BETWEEN = frozenset(":?·׳״")
_AFTER = frozenset("꞉׳")
_BEFORE = frozenset("!|")
_SHOWN = 12


@dataclass
class Spelling:
    """The letters of each word, and how often each character was left out."""

    words: list[list[str]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def letters(self) -> tuple[str, ...]:
        """All letters, with `SPACE` between words."""
        letters: list[str] = []
        for word in self.words:
            if letters:
                letters.append(SPACE)
            letters += word
        return tuple(letters)


def letters_of(text: str, orthography: Orthography | None = None) -> tuple[str, ...]:
    """Return the letters of a sentence, in lower case and NFC, with `SPACE` between words.

    Raises `ValueError` where there is no letter, or there are numbers, which nobody reads letter by
    letter.
    """
    return spell(text, orthography).letters


def spell(text: str, orthography: Orthography | None = None) -> Spelling:
    """Return the letters of a sentence and what is left out of it; without an `orthography`, by
    what the sentence alone says of its own. Raises `ValueError` as `letters_of` does.
    """
    if LOST in text:
        raise ValueError(f"expected a text, found a character that was lost (U+FFFD) in {text!r}")
    orthography = orthography or learn([text])
    spelling = Spelling()
    marks = clusters(lower(text.translate(ARE_SPACES), orthography.dotless), spelling.dropped)
    quoting = quotes(marks, orthography)
    word: list[str] = []
    for place, mark in enumerate(marks):
        if place not in quoting and _belongs(marks, place, bool(word), orthography, text):
            word.append(_written(mark))
            continue
        if word:
            spelling.words.append(word)
            word = []
        if not mark.isspace():
            spelling.dropped[mark] += 1
    if word:
        spelling.words.append(word)
    if not any(map(is_letter, spelling.letters)):
        raise ValueError(f"expected words, found no letter in {text!r}")
    return spelling


def describe_dropped(dropped: Counter[str]) -> str:
    """Return in a few words what was left out, such as "5 characters left out of the text (. 3, !
    2)".
    """
    if not dropped:
        return ""
    counts = [f"{_shown(mark)} {times}" for mark, times in dropped.most_common(_SHOWN)]
    if len(dropped) > _SHOWN:
        counts.append(f"{len(dropped) - _SHOWN} others")
    number = dropped.total()
    return f"{number} character{'s' * (number != 1)} left out of the text ({', '.join(counts)})"


def _shown(mark: str) -> str:
    """A character, or its number where it would not be seen or would be taken for what stands
    around it.
    """
    visible = mark.isprintable() and not unicodedata.category(mark[0]).startswith(("M", "C", "Z"))
    if visible and mark not in ",()":
        return mark
    return " ".join(f"U+{ord(part):04X}" for part in mark)


def _belongs(
    marks: Sequence[str], place: int, follows: bool, orthography: Orthography, text: str
) -> bool:
    """Whether a character is a letter of its word; `follows` says that one stands right
    before it.
    """
    mark = marks[place]
    before, after = at(marks, place - 1), at(marks, place + 1)
    if is_letter(mark):
        return True
    if mark in APOSTROPHES:
        return follows or is_letter(after)
    if _is_sign(mark, orthography, follows, before, after):
        return True
    if unicodedata.category(mark[0]).startswith("N"):
        if (is_tone(mark) and follows) or (orthography.digits and _is_of_word(marks, place)):
            return True
        raise ValueError(f"expected words, found digits ({mark}) in {text!r}: write them out")
    if mark in _BEFORE:
        return (is_letter(after) or after == mark) and (is_opening(before) or before == mark)
    return follows and (mark[0] in _AFTER or is_tone(mark))


def _is_sign(mark: str, orthography: Orthography, follows: bool, before: str, after: str) -> bool:
    """Whether a sign that is a letter of the orthography, or of many, stands where it
    can be one.
    """
    if mark in _BETWEEN and follows and (is_letter(after) or after in APOSTROPHES):
        return True
    if mark not in orthography.signs:
        return False
    if follows:
        return mark not in NEVER_LAST or may_follow(mark, after)
    is_first = is_opening(before) and mark not in NEVER_FIRST
    return is_first and may_follow(mark, after)


def _is_of_word(marks: Sequence[str], place: int) -> bool:
    """Whether a digit is one of at most `MOST_DIGITS` beside a letter."""
    begin, end = place, place + 1
    while at(marks, begin - 1).isdecimal():
        begin -= 1
    while at(marks, end).isdecimal():
        end += 1
    beside = at(marks, begin - 1), at(marks, end)
    is_beside = any(is_letter(mark) or mark in APOSTROPHES for mark in beside)
    return end - begin <= MOST_DIGITS and is_beside and marks[place].isascii()


def _written(mark: str) -> str:
    return "'" if mark in APOSTROPHES else mark
