"""Tokens that words are written with: letters, with a token of their own between words, or
subwords.
"""

import unicodedata
from collections.abc import Collection

SPACE = "<space>"
"""ESPnet's token between words."""
WORD_BEGIN = "\u2581"
"""sentencepiece's sign in front of a subword that begins a word."""


def are_letters(tokens: Collection[str]) -> bool:
    """Whether tokens are letters: `SPACE` is among them, or none is longer than one character and
    its marks.
    """
    return SPACE in tokens or all(_is_one_letter(token) for token in tokens)


def are_pieces(tokens: Collection[str]) -> bool:
    """Whether tokens are subwords of sentencepiece's: some begin words."""
    return any(token.startswith(WORD_BEGIN) for token in tokens)


def _is_one_letter(token: str) -> bool:
    bases = 0
    for mark in unicodedata.normalize("NFC", token):
        if not unicodedata.category(mark).startswith("M"):
            bases += 1
    return bases == 1


def holds_words(tokens: Collection[str]) -> bool:
    """Whether tokens write words: letters with a token between words, or subwords."""
    return SPACE in tokens or are_pieces(tokens)
