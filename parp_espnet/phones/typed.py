"""How a text may be typed otherwise than a table from spelling to phones spells it: in capitals, in
composed letters, with another apostrophe.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from parp_espnet.phones.characters import APOSTROPHES, decomposed, lower

_TYPED = "'"
_ALIKE = APOSTROPHES | frozenset("ʼꞌʻ")
_QUOTED = re.compile(r"(?<!\w)‘(?=\w)[^‘]*?\S’(?!\w)")


@dataclass(frozen=True)
class Typing:
    """What a table's spellings tell of how a text is to be read."""

    alike: Mapping[str, str]
    """Apostrophes that no spelling has, each with the one that stands for it there."""
    dotless: bool
    """Whether I is the capital of ı."""

    @classmethod
    def of(cls, spellings: Iterable[str]) -> Self:
        """Return that of a table's spellings."""
        known = list(spellings)
        return cls(_apostrophes_of(known), has_dotless(known))

    def typed(self, text: str) -> str:
        """A text in the letters of a table, with its apostrophes as they are typed."""
        return key(text, self.dotless)

    def spelled(self, typed: str) -> str:
        """The same with its apostrophes as the table has them; those that quote stay what they
        are.
        """
        if self.alike.keys().isdisjoint(typed):
            return typed
        quoting: set[int] = set()
        for quoted in _QUOTED.finditer(typed):
            quoting |= {quoted.start(), quoted.end() - 1}
        marks = list(typed)
        for place, mark in enumerate(marks):
            if place not in quoting:
                marks[place] = self.alike.get(mark, mark)
        return "".join(marks)


def key(text: str, dotless: bool) -> str:
    """Return a text as a table is looked up by: in small letters and NFD."""
    return decomposed(lower(text, dotless))


def has_dotless(spellings: Iterable[str]) -> bool:
    """Whether I is the capital of ı, as in a table of Turkish."""
    return any(
        "ı" in spelled or "İ" in unicodedata.normalize("NFC", spelled) for spelled in spellings
    )


def _apostrophes_of(spellings: Iterable[str]) -> dict[str, str]:
    used = _ALIKE.intersection("".join(spellings))
    if not used or (len(used) > 1 and _TYPED not in used):
        return {}
    own = _TYPED if _TYPED in used else next(iter(used))
    return dict.fromkeys(_ALIKE - used, own)
