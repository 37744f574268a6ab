"""Phrases of a language from CLDR's data (through Babel): names, dates, amounts, quantities, put
together at random.

An *atom* is one of these: a name of a country, language, script, currency, city or time zone; a
date; an amount of money; a quantity; a number. Every atom belongs to exactly one of train, dev and
test, by a hash of its text (80 : 10 : 10), and a phrase is made of atoms of its own set. So no
name, date or quantity of dev or test is ever heard in train. The words of which they are made (a
month, "dollar", "South") may be.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random
from typing import Literal

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

SPLITS = ("train", "dev", "test")

# "Serbian dinar (1992–1994)", "Chinese (simplified)": what is in brackets is no part of the name.
_BRACKETS = re.compile(r"\s*[(（\[][^)）\]]*[)）\]]")
_NAME_LENGTHS = range(2, 41)

# Digits in one piece: eSpeak NG takes the space that groups Russian, Kyrgyz and Tatar digits for
# the end.
_PLAIN_NUMBER = "0"

_FIRST_DAY, _LAST_DAY = date(1500, 1, 1).toordinal(), date(2099, 12, 31).toordinal()


def split_of(text: str) -> str:
    """Return the set (`train`, `dev` or `test`) that an atom belongs to, whatever its case."""
    digest = hashlib.sha256(text.casefold().encode()).digest()
    return {8: "dev", 9: "test"}.get(int.from_bytes(digest[:8]) % 10, "train")


@dataclass(frozen=True)
class PhraseBook:
    """What there is to say in one language in one set. Make one with `phrase_book`."""

    locale: Locale
    split: str
    names: tuple[str, ...]
    currencies: tuple[str, ...]
    units: tuple[str, ...]

    def phrase(self, random: Random) -> str:
        """Return one to five atoms in a row, or in a list with commas and the language's "and" or
        "or".
        """
        number = random.choices((1, 2, 3, 4, 5), weights=(10, 30, 30, 20, 10))[0]
        atoms = [self._atom(random) for _ in range(number)]
        styles: tuple[Literal["row", "standard", "or"], ...] = ("row", "row", "standard", "or")
        style = random.choice(styles)
        if style != "row":
            return str(format_list(atoms, style=style, locale=self.locale))
        # Two numbers side by side would be read as one.
        digits = any(map(str.isdigit, "".join(atoms)))
        return (", " if digits else " ").join(atoms)

    def _atom(self, random: Random) -> str:
        kinds: dict[Callable[[Random], str], int] = {
            self._name: 70,
            self._date: 10,
            self._money: 8,
            # CLDR has no words for units in Tatar.
            self._quantity: 8 if self.units else 0,
            self._number: 4,
        }
        return random.choices(tuple(kinds), weights=tuple(kinds.values()))[0](random)

    def _name(self, random: Random) -> str:
        return random.choice(self.names)

    def _date(self, random: Random) -> str:
        def draw() -> str:
            day = date.fromordinal(random.randint(_FIRST_DAY, _LAST_DAY))
            return format_date(day, format=random.choice(("long", "full")), locale=self.locale)

        return self._own(draw)

    def _money(self, random: Random) -> str:
        code = random.choice(self.currencies)
        return self._own(lambda: _money(_whole_number(random), code, self.locale))

    def _quantity(self, random: Random) -> str:
        unit = random.choice(self.units)
        return self._own(
            lambda: format_unit(
                _whole_number(random), unit, format=_PLAIN_NUMBER, locale=self.locale
            )
        )

    def _number(self, random: Random) -> str:
        return self._own(
            lambda: format_decimal(_whole_number(random), format=_PLAIN_NUMBER, locale=self.locale)
        )

    def _own(self, draw: Callable[[], str]) -> str:
        """Draw until the text is one of this set."""
        text = draw()
        while split_of(text) != self.split:
            text = draw()
        return text


@cache
def phrase_book(language: str, split: str) -> PhraseBook:
    """Return the phrase book of a CLDR language for one of `SPLITS`."""
    locale = Locale(language)
    currencies = []
    for code, name in sorted(locale.currencies.items()):
        if "(" not in name and split_of(name) == split:
            currencies.append(code)
    units = []
    for unit in sorted(locale.unit_display_names):
        # Babel shows the bare identifier of a unit that the language has no words for.
        if unit not in format_unit(2, unit, locale=locale):
            units.append(unit)
    return PhraseBook(
        locale=locale,
        split=split,
        names=tuple(name for name in names_of(language) if split_of(name) == split),
        currencies=tuple(currencies),
        units=tuple(units),
    )


@cache
def names_of(language: str) -> tuple[str, ...]:
    """All names of a language, without what is in brackets, each once, sorted."""
    locale = Locale(language)
    names = [
        *locale.territories.values(),
        *locale.languages.values(),
        *locale.scripts.values(),
        *locale.variants.values(),
        *locale.currencies.values(),
    ]
    for zone in locale.time_zones.values():
        if "city" in zone:
            names.append(zone["city"])
    for zone in locale.meta_zones.values():
        names += zone.get("long", {}).values()
    bare = set()
    for name in names:
        short = _BRACKETS.sub("", str(name)).strip()
        if len(short) in _NAME_LENGTHS and not any(map(str.isdigit, short)):
            bare.add(short)
    return tuple(sorted(bare))


def _money(amount: int, code: str, locale: Locale) -> str:
    return format_currency(
        amount, code, format=_PLAIN_NUMBER, locale=locale, currency_digits=False, format_type="name"
    )


def _whole_number(random: Random) -> int:
    """A whole number of one to five digits, short and long ones about as likely."""
    return random.randrange(10 ** random.randint(1, 5))
