"""Tokens that are letters, with a token of their own between words."""

import unicodedata
from collections.abc import Collection

SPACE = "<space>"
"""ESPnet's token between words."""


def are_letters(tokens: Collection[str]) -> bool:
    """Whether tokens are letters: `SPACE` is among them, or none is longer than one character and
    its marks.
    """
    return SPACE in tokens or all(_is_one_letter(token) for token in tokens)


def _is_one_letter(token: str) -> bool:
    bases = [
        mark
        for mark in unicodedata.normalize("NFC", token)
        if not unicodedata.category(mark).startswith("M")
    ]
    return len(bases) == 1
