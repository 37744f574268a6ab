"""Which phones a language's synthesiser says: those that it was heard to say in many thousands of
words.

The words are of several sources, so that what one lacks another has: the most frequent words of the
language (wordfreq, where it knows the language), lists of one's own such as Debian's, CLDR's names
and phrases, numbers, dates and times, and the letters of the alphabet, alone and in pairs. Kyrgyz
and Tatar, of which wordfreq has none, borrow from Russian.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time, get_day_names, get_month_names
from babel.numbers import format_compact_decimal, format_decimal, format_percent, format_scientific

from parp_espnet.corpora.phrases import SPLITS, names_of, phrase_book
from parp_espnet.errors import UserError
from parp_espnet.files import regular, write_text
from parp_espnet.phones.espeak import VOICES, Synthesiser, Voice
from parp_espnet.phones.phonemiser import check_script, composed, phones_said
from parp_espnet.progress import track

LENDERS: Mapping[str, str] = {"ky": "ru", "tt": "ru"}
"""Whose words a language borrows, that has the same script and no list of its own."""
FAST = Voice(rate=450)
"""How fast is no matter to what is said."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NO_IPA = re.compile(r"[0-9A-Zˈˌ:._\[\]()-]")
_VOWELS = frozenset("aeiouyæøœɐɑɒɔəɘɛɜɞɤɨɪɯɵʉʊʌʏ")
_PHRASES = 2000  # of each set
_PAIRS = 60  # letters that an alphabet has at most, of which all pairs are tried
_DAYS = 400

type Source = Callable[[str], Iterator[str]]


@dataclass
class Census:
    """In how many texts of each source a phone was said, the first such text, and how many texts
    there were.
    """

    language: str
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def phones(self) -> list[str]:
        """All phones, consonants first."""
        return sorted(self.counts, key=lambda phone: (phone[0] in _VOWELS, phone))

    def add(self, source: str, text: str, phones: Sequence[str]) -> None:
        """Count the phones of a text."""
        self.texts[source] += 1
        for phone in set(phones):
            self.counts.setdefault(phone, Counter())[source] += 1
            self.examples.setdefault(phone, text)


def take_census(language: str, frequent: int, lists: Sequence[Path]) -> Census:
    """Let the language's own voice say all sources: the `frequent` most frequent words, and the
    words of `lists`.

    Raises `UserError` where there is no voice for the language, a list cannot be read, wordfreq is
    not installed, or a phone is no IPA.
    """
    if language not in VOICES:
        raise UserError(
            f"--lang {language}: no voice for this language; there are voices for "
            f"{' '.join(VOICES)}"
        )
    census = Census(language)
    with Synthesiser(language, FAST) as synthesiser:
        for source, texts in _sources(frequent, lists).items():
            for text in track(texts(language), f"{language} {source}", "text", None):
                _count(census, synthesiser, source, text)
    for phone in census.phones:
        if _NO_IPA.search(phone):
            raise UserError(
                f"{language}: expected IPA, found {phone} in {census.examples[phone]!r}; add it to "
                f"the rules in phones/ipa.py"
            )
    return census


def write_inventory(census: Census, folder: Path) -> None:
    """Write the phones of a language, one a line, and beside them in how many texts of each source
    each is.
    """
    write_text(folder / f"{census.language}.txt", "".join(f"{phone}\n" for phone in census.phones))
    sources = list(census.texts)
    rows = [["phone", *sources, "as in"], ["(texts)", *map(str, census.texts.values()), ""]]
    for phone in census.phones:
        counts = [str(census.counts[phone][source]) for source in sources]
        rows.append([phone, *counts, census.examples[phone]])
    lines = map("\t".join, rows)
    write_text(folder / f"{census.language}.tsv", "\n".join(lines) + "\n")


def _count(census: Census, synthesiser: Synthesiser, source: str, text: str) -> None:
    # As they are written and as `phones_of` says them: capitals may be read as an abbreviation.
    written = composed(text)
    for form in dict.fromkeys([written, written.lower()]):
        try:
            check_script(census.language, form)
            census.add(source, form, phones_said(synthesiser, census.language, form))
        except ValueError:
            census.refused[source] += 1


def _sources(frequent: int, lists: Sequence[Path]) -> dict[str, Source]:
    sources: dict[str, Source] = {"frequent": lambda language: frequent_words(language, frequent)}
    for path in lists:
        sources[path.name] = lambda language, path=path: _listed(path)  # type: ignore[misc]
    return sources | {"names": names, "phrases": phrases, "numbers": numbers, "letters": letters}


def frequent_words(language: str, most: int) -> Iterator[str]:
    """Yield the most frequent words of a language, or of the one that it borrows from; none where
    neither is known.

    Raises `UserError` when wordfreq is not installed.
    """
    try:
        import wordfreq  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415
    except ImportError:
        raise UserError(
            "expected wordfreq, found none: pip install 'parp-espnet[inventory]'"
        ) from None
    # Asked for a language that it lacks, it would answer with another.
    known: Mapping[str, Any] = wordfreq.available_languages()
    for code in (language, LENDERS.get(language)):
        if code in known:
            yield from filter(_WORD.fullmatch, wordfreq.top_n_list(code, most))
            return


def _listed(path: Path) -> Iterator[str]:
    try:
        words = regular(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--list {path}: expected words in UTF-8, one a line ({error})") from None
    yield from filter(_WORD.fullmatch, words)


def names(language: str) -> Iterator[str]:
    """Yield CLDR's names of countries, languages, scripts, currencies, cities and time zones,
    months and days.
    """
    yield from names_of(language)
    for width in ("wide", "abbreviated"):
        yield from get_month_names(width, locale=language).values()
        yield from get_day_names(width, locale=language).values()


def phrases(language: str, count: int = _PHRASES, seed: str = "inventory") -> Iterator[str]:
    """Yield phrases of CLDR's names, dates, amounts and quantities, `count` of each set."""
    random = Random(f"{seed} {language}")
    for split in SPLITS:
        book = phrase_book(language, split)
        for _ in range(count):
            yield book.phrase(random)


def numbers(language: str) -> Iterator[str]:
    """Yield numbers, fractions, percentages, dates and times, as the language writes them."""
    locale = Locale(language)
    for number in (*range(1001), *(10**power + 1 for power in range(3, 13))):
        yield format_decimal(number, locale=locale)
        yield str(number)
    for number in range(200):
        yield format_decimal(number / 8, locale=locale)
        yield format_percent(number / 100, locale=locale)
        if "long" in locale.compact_decimal_formats:
            yield format_compact_decimal(7 * number**3, format_type="long", locale=locale)
        yield format_scientific(number**3, locale=locale)
    day = datetime(2001, 1, 1)
    for number in range(_DAYS):
        at = day + timedelta(days=17 * number, minutes=number * 7)
        for width in ("short", "long", "full"):
            yield format_date(at, width, locale)
        yield format_time(at, "short", locale=locale)


def letters(language: str) -> Iterator[str]:
    """Yield the letters of a language's names, and all pairs of them unless it has very many."""
    used: Counter[str] = Counter()
    for name in names_of(language):
        used.update(filter(str.isalpha, name.lower()))
    alphabet = sorted(letter for letter, times in used.items() if times > 2)
    yield from alphabet
    if len(alphabet) <= _PAIRS:
        yield from map("".join, product(alphabet, repeat=2))
