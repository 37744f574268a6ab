"""The text of a data directory in a model's tokens, by what it may be cut between: phones, or
words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from parp_espnet.aligning.spelling import Speller
from parp_espnet.phones.spelled import SPACE, holds_words

MOST_UNKNOWN = 0.1
"""The share of a text that a model may have no token for. It is taken for any sound."""


@dataclass(frozen=True)
class Unit:
    """A phone, or a word in letters, as it stands in the text, and in a model's tokens.

    Attributes:
        tokens: a number that is that of no token stands for any sound.
        unsaid: how many of them, the last ones, are what is between words.
    """

    written: tuple[str, ...]
    tokens: tuple[int, ...]
    unsaid: int = 0


@dataclass(frozen=True)
class Spelled:
    """A text in units, and what in it the model has no token for."""

    units: tuple[Unit, ...]
    unknown: tuple[str, ...]

    @property
    def too_strange(self) -> bool:
        """Whether that is too much of it."""
        count = sum(len(unit.tokens) for unit in self.units)
        return len(self.unknown) > MOST_UNKNOWN * count


class Reader:
    """Takes texts apart, for a model with these tokens."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._speller = Speller(tokens)
        self._has_words = holds_words(tokens)
        self._space = tokens.index(SPACE) if SPACE in tokens else None
        self.any = len(tokens)
        """The number of any sound."""

    def read(self, text: str) -> Spelled:
        """Return a text of phones with spaces between them, or of letters with `SPACE` between
        words.
        """
        units: list[Unit] = []
        unknown: list[str] = []
        if not self._has_words:
            for phone in text.split():
                units.append(Unit((phone,), self._tokens(phone, unknown)))
            return Spelled(tuple(units), tuple(unknown))
        for letters in _words(text):
            if self._space is None:
                units.append(Unit(letters, self._word(letters, unknown)))
                continue
            tokens: tuple[int, ...] = ()
            for letter in letters:
                tokens += self._word((letter,), unknown)
            if units:
                before = units[-1]
                units[-1] = Unit(before.written, (*before.tokens, self._space), unsaid=1)
            units.append(Unit(letters, tokens))
        return Spelled(tuple(units), tuple(unknown))

    def write(self, units: Sequence[Unit]) -> str:
        """Return the text of units, as it was."""
        if not self._has_words:
            return " ".join(phone for unit in units for phone in unit.written)
        return f" {SPACE} ".join(" ".join(unit.written) for unit in units)

    def _tokens(self, phone: str, unknown: list[str]) -> tuple[int, ...]:
        try:
            return self._speller.spell(phone)
        except ValueError:
            unknown.append(phone)
            return (self.any,)

    def _word(self, letters: Sequence[str], unknown: list[str]) -> tuple[int, ...]:
        try:
            return self._speller.spell_word(letters)
        except ValueError:
            unknown.append("".join(letters))
            return (self.any,)


def _words(text: str) -> list[tuple[str, ...]]:
    """The letters of each word."""
    words: list[tuple[str, ...]] = []
    letters: list[str] = []
    for letter in [*text.split(), SPACE]:
        if letter != SPACE:
            letters.append(letter)
        elif letters:
            words.append(tuple(letters))
            letters = []
    return words
