"""From a text that is known to a model's tokens."""

import unicodedata
from collections.abc import Iterable, Sequence

from parp_espnet.decoding.language_model import SPECIAL
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.orthography import Orthography, learn_for
from parp_espnet.phones.spelled import SPACE, WORD_BEGIN, are_pieces

LEFT_OUT = frozenset("ˈˌ.|\u0361\u035c")
"""Stress, syllables and ties, which no phone of ours has."""
UNKNOWN = "the model has no token for"
"""So begins what is said of a text that the tokens cannot spell."""
APOSTROPHE = "'"
"""As all of them are spelled (`parp_espnet.phones.letters`)."""
TYPED = {"g": "ɡ", ":": "ː"}
"""What is typed for a letter of IPA that a keyboard lacks."""


class Speller:
    """The tokens of a model, by how they are written.

    A model with `SPACE` among its tokens has letters, and takes sentences; so does one of subwords,
    of which the longest are taken first. Any other takes phones apart by spaces; several that are
    written as one word are told apart, the longest first.

    Args:
        texts: all sentences that are to be spelled alike; without them, each is by what it alone
            says of its orthography.
    """

    def __init__(self, tokens: Sequence[str], texts: Iterable[str] = ()) -> None:
        self._has_letters = SPACE in tokens
        self.is_of_letters = self._has_letters or are_pieces(tokens)
        self._numbers: dict[str, int] = {}
        for number, token in enumerate(tokens):
            if token not in SPECIAL:
                self._numbers[decomposed(token)] = number
        self._longest = max(map(len, self._numbers), default=0)
        self._has_apostrophe = any(APOSTROPHE in token for token in self._numbers)
        self._orthography: Orthography | None = None
        if self.is_of_letters and (texts := list(texts)):
            self._orthography = self._learn(texts)

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
        return _known_alone(numbers, unknown, text)

    def spell_phones(self, phones: Sequence[str], text: str) -> tuple[int, ...]:
        """Return the tokens of a text's phones, each of which is one token or none. Raises
        `ValueError` that names what is none.
        """
        return _known_alone(*self._known(phones), text)

    def spell_word(self, letters: Sequence[str]) -> tuple[int, ...]:
        """Return the tokens of a word whose letters are known, such as those of a data directory's
        text. Raises `ValueError` that names what no token spells.
        """
        if self._has_letters:
            numbers, unknown = self._known(letters)
        else:
            numbers, unknown = self._pieces("".join(letters))
        return _known_alone(numbers, unknown, "".join(letters))

    def _words(self, text: str) -> list[str]:
        """The letters of each word of a sentence, with spaces between them. Where no token has an
        apostrophe, one that no letter follows or none precedes is not a letter.
        """
        orthography = self._orthography or self._learn([text])
        words = " ".join(letters_of(text, orthography)).split(SPACE)
        if not self._has_apostrophe:
            words = [word.strip(f"{APOSTROPHE} ") for word in words]
        return [word for word in words if word]

    def _learn(self, texts: Iterable[str]) -> Orthography:
        return learn_for((token for token in self._numbers if token != SPACE), texts)

    def _letters(self, text: str) -> tuple[list[int], list[str]]:
        return self._known(f" {SPACE} ".join(self._words(text)).split())

    def _known(self, letters: Iterable[str]) -> tuple[list[int], list[str]]:
        """The tokens of letters, and those that have none."""
        numbers, unknown = [], []
        for letter in letters:
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
            known, other = self._parts(form)
            if other:
                # What no token is may be a mark that no phone has, or typed.
                known, other = self._parts(self._written(form))
            numbers += known
            unknown += other
        return numbers, unknown

    def _subwords(self, text: str) -> tuple[list[int], list[str]]:
        numbers: list[int] = []
        unknown: list[str] = []
        for word in self._words(text):
            known, other = self._pieces(word.replace(" ", ""))
            numbers += known
            unknown += other
        return numbers, unknown

    def _pieces(self, word: str) -> tuple[list[int], list[str]]:
        return self._parts(decomposed(f"{WORD_BEGIN}{word}"))

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


def _known_alone(numbers: Sequence[int], unknown: Sequence[str], text: str) -> tuple[int, ...]:
    """The tokens of a text. Raises `ValueError` where some are unknown, or there are none."""
    if unknown:
        named = ", ".join(_named(letter) for letter in dict.fromkeys(unknown))
        raise ValueError(f"{UNKNOWN} {named}, in {_begin(text)!r}")
    if not numbers:
        raise ValueError(f"expected a text to align, found {_begin(text)!r}")
    return tuple(numbers)


def _is_mark(letter: str) -> bool:
    return bool(letter) and unicodedata.category(letter).startswith("M")


def _named(letter: str) -> str:
    codes = " ".join(f"U+{ord(mark):04X}" for mark in letter)
    return f"{letter} ({codes})"


def _begin(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:40]}…"
