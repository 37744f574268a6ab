"""From a text that is known to a model's tokens."""

import unicodedata
from collections.abc import Sequence

from parp_espnet.decoding.language_model import SPECIAL
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.spelled import SPACE, WORD_BEGIN, are_pieces

LEFT_OUT = frozenset("ˈˌ.|\u0361\u035c")
"""Stress, syllables and ties, which no phone of ours has."""
TYPED = {"g": "ɡ", ":": "ː"}
"""What is typed for a letter of IPA that a keyboard lacks."""


class Speller:
    """The tokens of a model, by how they are written.

    A model with `SPACE` among its tokens has letters, and takes sentences; so does one of subwords,
    of which the longest are taken first. Any other takes phones apart by spaces; several that are
    written as one word are told apart, the longest first.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._has_letters = SPACE in tokens
        self.is_of_letters = self._has_letters or are_pieces(tokens)
        self._numbers: dict[str, int] = {}
        for number, token in enumerate(tokens):
            if token not in SPECIAL:
                self._numbers[decomposed(token)] = number
        self._longest = max(map(len, self._numbers), default=0)

    def spell(self, text: str) -> tuple[int, ...]:
        """Return the tokens of a text. Raises `ValueError` that names what no token spells, or says
        that there is nothing to spell.
        """
        if self._has_letters:
            numbers, unknown = self._letters(text)
        elif self.is_of_letters:
            numbers, unknown = self._subwords(text)
        else:
            numbers, unknown = self._phones(text)
        if unknown:
            named = ", ".join(_named(letter) for letter in dict.fromkeys(unknown))
            raise ValueError(f"the model has no token for {named}, in {_begin(text)!r}")
        if not numbers:
            raise ValueError(f"expected a text to align, found {_begin(text)!r}")
        return tuple(numbers)

    def _letters(self, text: str) -> tuple[list[int], list[str]]:
        numbers, unknown = [], []
        for letter in letters_of(text):
            number = self._numbers.get(decomposed(letter))
            if number is None:
                unknown.append(letter)
            else:
                numbers.append(number)
        return numbers, unknown

    def _phones(self, text: str) -> tuple[list[int], list[str]]:
        numbers: list[int] = []
        unknown: list[str] = []
        for word in text.split():
            form = decomposed(word)
            if form in self._numbers:
                numbers.append(self._numbers[form])
                continue
            known, other = self._parts(self._written(form))
            numbers += known
            unknown += other
        return numbers, unknown

    def _subwords(self, text: str) -> tuple[list[int], list[str]]:
        numbers: list[int] = []
        unknown: list[str] = []
        for word in "".join(letters_of(text)).split(SPACE):
            known, other = self._parts(decomposed(f"{WORD_BEGIN}{word}"))
            numbers += known
            unknown += other
        return numbers, unknown

    def _parts(self, letters: str) -> tuple[list[int], list[str]]:
        """Tokens that are written as one word."""
        numbers: list[int] = []
        unknown: list[str] = []
        place = 0
        while place < len(letters):
            for size in range(min(self._longest, len(letters) - place), 0, -1):
                number = self._numbers.get(letters[place : place + size])
                ends = place + size
                # A mark belongs to the letter before it: of n̥ there is no n.
                if number is not None and not _is_mark(letters[ends : ends + 1]):
                    numbers.append(number)
                    place = ends
                    break
            else:
                size = 1
                while _is_mark(letters[place + size : place + size + 1]):
                    size += 1
                unknown.append(letters[place : place + size])
                place += size
        return numbers, unknown

    def _written(self, word: str) -> str:
        """A word with typed letters as IPA has them, and without marks that no phone has."""
        letters = ""
        for letter in word:
            written = letter if letter in self._numbers else TYPED.get(letter, letter)
            if written not in LEFT_OUT:
                letters += written
        return letters


def _is_mark(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter).startswith("M")


def _named(letter: str) -> str:
    codes = " ".join(f"U+{ord(mark):04X}" for mark in letter)
    return f"{letter} ({codes})"


def _begin(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:40]}…"
