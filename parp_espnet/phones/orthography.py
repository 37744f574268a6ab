"""What a body of texts says about its orthography, which no single sentence can say.

Digits beside letters are tones, glottal stops or other letters (ma3, tsit8, wa7, 3arabi) where many
words have them, and numbers where few have (mp3, covid19). So are signs that are punctuation
elsewhere: `:` of length, `?` of a glottal stop, `/` and `!` of clicks. An apostrophe before or
after a word is a letter where the same word has it elsewhere without another one that might close
or open a quotation. Where there is a dotless i, I is its capital.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise

from parp_espnet.phones.characters import (
    APOSTROPHES,
    ARE_SPACES,
    at,
    clusters,
    is_letter,
    is_opening,
    is_tone,
    lower,
)

MANY = 0.05
"""Part of all words that have a digit or a sign, at least, where it is a letter."""
MOST_DIGITS = 3
"""In a row, as in 214; more of them are a number."""
ENOUGH = 20_000
"""Texts that are looked at, at most, of any number."""
SIGNS = frozenset(":?·/^@≠!|")
NEVER_LAST = frozenset("/≠!|")
"""Those of clicks, which a vowel follows."""
NEVER_FIRST = frozenset(":·")
_CLOSING = {"'": "'", "‘": "’", "`": "'`", "’": "’", "´": "´", "′": "′", "＇": "＇"}
"""What ends a quotation that begins with one of them."""
_SHOWN = 3


@dataclass(frozen=True)
class Orthography:
    """Which doubtful characters are letters.

    `initial` and `final` are words whose apostrophe there is a letter; `apostrophes` says that it
    is one of a word that never stands without a second one. `examples` has a few words with
    `digits`.
    """

    digits: bool = False
    signs: frozenset[str] = frozenset()
    dotless: bool = False
    apostrophes: bool = False
    initial: frozenset[str] = frozenset()
    final: frozenset[str] = frozenset()
    examples: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return in a few words what was taken for letters, such as "digits in words are letters
        (ma3, tsit8)".
        """
        return f"digits in words are letters ({', '.join(self.examples)})" if self.digits else ""


@dataclass
class _Counts:
    words: int = 0
    with_digits: int = 0
    signs: Counter[str] = field(default_factory=Counter)
    examples: Counter[str] = field(default_factory=Counter)


def learn(texts: Iterable[str]) -> Orthography:
    """Return what all texts that are to be spelled alike say about their orthography."""
    texts = list(texts)
    texts = texts[:: math.ceil(len(texts) / ENOUGH) or 1]
    whole = "\n".join(texts)
    dotless = "ı" in whole or "İ" in whole
    sentences = []
    counts = _Counts()
    for text in texts:
        marks = clusters(lower(text.translate(ARE_SPACES), dotless))
        sentences.append(marks)
        _count(marks, counts)
    enough = MANY * counts.words
    signs = frozenset(sign for sign, times in counts.signs.items() if times >= enough)
    digits = 0 < counts.with_digits >= enough
    examples = tuple(word for word, _ in counts.examples.most_common(_SHOWN))
    bare = Orthography(digits, signs, dotless, examples=examples)
    return _with_apostrophes(bare, sentences)


def learn_for(tokens: Iterable[str], texts: Iterable[str]) -> Orthography:
    """Return what texts say about their orthography to one who has these letters or subwords, and
    no other tokens among them.

    A digit or a sign that none of them has is no letter, however many words have it, and I is the
    capital of ı where they have ı.
    """
    learned = learn(texts)
    known = frozenset(chain.from_iterable(tokens))
    return replace(
        learned,
        digits=learned.digits and any(mark.isdecimal() for mark in known),
        signs=learned.signs & known,
        dotless="ı" in known,
    )


def quotes(marks: Sequence[str], orthography: Orthography) -> frozenset[int]:
    """Return the places of apostrophes that quote what is between them: one before a word, one
    after a word.
    """
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for place, mark in enumerate(marks):
        if mark not in APOSTROPHES:
            continue
        if _begins(marks, place, orthography.signs):
            if _following(marks, place) not in orthography.initial:
                opened.append(place)
        elif _closes(marks, place, opened, orthography):
            pairs.append((opened.pop(), place))
    if orthography.apostrophes:
        # Without doubt a quotation is one that ends behind a full stop or the like.
        pairs = [(begin, end) for begin, end in pairs if _is_stop(marks[end - 1])]
    return frozenset(chain.from_iterable(pairs))


def _closes(
    marks: Sequence[str], place: int, opened: Sequence[int], orthography: Orthography
) -> bool:
    if not opened or not _ends(marks, place) or marks[place] not in _CLOSING[marks[opened[-1]]]:
        return False
    return _preceding(marks, place) not in orthography.final


def _is_stop(mark: str) -> bool:
    return unicodedata.category(mark[0]) == "Po" and mark not in APOSTROPHES


def _with_apostrophes(bare: Orthography, sentences: Sequence[Sequence[str]]) -> Orthography:
    """An orthography, with the words whose apostrophes are letters."""
    if APOSTROPHES.isdisjoint(chain.from_iterable(sentences)):
        return bare
    alone: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    without: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    paired = 0
    for marks in sentences:
        pairs = quotes(marks, bare)
        paired += len(pairs)
        for place, mark in enumerate(marks):
            if mark in APOSTROPHES and place not in pairs:
                if _begins(marks, place, bare.signs):
                    alone[0][_following(marks, place)] += 1
                elif _ends(marks, place) and is_letter(at(marks, place - 1)):
                    alone[1][_preceding(marks, place)] += 1
            elif is_letter(mark):
                if not _is_of_word(at(marks, place - 1)):
                    without[0][_following(marks, place - 1)] += 1
                if not _is_of_word(at(marks, place + 1)):
                    without[1][_preceding(marks, place + 1)] += 1
    apostrophes = alone[0].total() + alone[1].total() > paired
    initial = _as_often(alone[0], without[0])
    final = _as_often(alone[1], without[1])
    return replace(bare, apostrophes=apostrophes, initial=initial, final=final)


def _as_often(words: Counter[str], others: Counter[str]) -> frozenset[str]:
    """The words that are there at least as often as among the others."""
    return frozenset(word for word, times in words.items() if times >= others[word])


def _begins(marks: Sequence[str], place: int, signs: frozenset[str]) -> bool:
    before, after = at(marks, place - 1), at(marks, place + 1)
    is_first = is_letter(after) or (after in signs and is_letter(at(marks, place + 2)))
    return is_first and not is_letter(before) and not is_tone(before)


def _ends(marks: Sequence[str], place: int) -> bool:
    return not at(marks, place - 1).isspace() and not is_letter(at(marks, place + 1))


def _is_of_word(mark: str) -> bool:
    return is_letter(mark) or is_tone(mark) or mark in APOSTROPHES


def _following(marks: Sequence[str], place: int) -> str:
    """The word that begins behind a place, without apostrophes at its end."""
    end = place + 1
    while _is_of_word(at(marks, end)):
        end += 1
    return "".join(marks[place + 1 : end]).rstrip("".join(APOSTROPHES))


def _preceding(marks: Sequence[str], place: int) -> str:
    """The word that ends before a place, without apostrophes at its begin."""
    begin = place
    while _is_of_word(at(marks, begin - 1)):
        begin -= 1
    return "".join(marks[begin:place]).lstrip("".join(APOSTROPHES))


def _count(marks: Sequence[str], counts: _Counts) -> None:
    for word in _words(marks):
        if "".join(word).isalpha():
            counts.words += 1
            continue
        if not any(map(is_letter, word)):
            continue
        counts.words += 1
        if _has_digits(word):
            counts.with_digits += 1
            counts.examples["".join(word)] += 1
        counts.signs.update(_signs(word))


def _words(marks: Sequence[str]) -> Iterable[Sequence[str]]:
    begin = 0
    for place in range(len(marks) + 1):
        if at(marks, place).isspace():
            if place > begin:
                yield marks[begin:place]
            begin = place + 1


def _signs(word: Sequence[str]) -> set[str]:
    """The signs that stand where punctuation seldom does: between letters or before one; of `·`
    also behind one.
    """
    signs = set()
    for place, mark in enumerate(word):
        if mark not in SIGNS:
            continue
        first = is_opening(at(word, place - 1)) and mark not in NEVER_FIRST
        inside = place > 0 and is_letter(word[place - 1])
        before = may_follow(mark, at(word, place + 1))
        if (before and (first or inside)) or (mark == "·" and inside):
            signs.add(mark)
    return signs


def may_follow(sign: str, mark: str) -> bool:
    """Whether a character may stand behind a sign of the same word: a letter, an apostrophe, or the
    sign again.
    """
    return is_letter(mark) or mark in APOSTROPHES or mark == sign


def _has_digits(word: Sequence[str]) -> bool:
    """Whether digits follow letters, and none is part of a number; those in front of letters may
    count (2nd).
    """
    longest = length = 0
    for mark in word:
        length = length + 1 if mark.isdecimal() else 0
        longest = max(longest, length)
    behind = any(is_letter(mark) and after.isdecimal() for mark, after in pairwise(word))
    return behind and longest <= MOST_DIGITS
