"""One's own rules from spelling to phones: a table that the user gives.

Two forms:

- a lexicon, a line a word: `word phone phone …`, with white space between. Of a word with several
  lines the first holds, and so it is with `word(2)`, as CMUdict has it; lines that begin with `;;;`
  or `#` and white space are remarks.
- a mapping of letters, as epitran has it: CSV or TSV with the header `Orth,Phon`. The longest
  spelling is taken first, from left to right; nothing but this table is applied, and none of
  epitran's rules before and after it. Phones of a cell have spaces between them, or are its
  letters, each with its marks (t͡ʃ is one phone, tʃ are two); an empty cell is a letter that nobody
  says.

Both are compared in lower case (that of I is ı where a table has one) and in canonical
decomposition (NFD): e and U+0301 are é. Nothing is ever normalised to NFKC. An apostrophe is the
one that the table has, however a text has it typed.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of
from parp_espnet.phones.characters import LOST, clusters, decomposed
from parp_espnet.phones.typed import Typing, has_dotless, key

Phones = tuple[str, ...]
HEADER = ("orth", "phon")
_OTHER_PRONUNCIATION = re.compile(r"\(\d+\)$")
_REMARK = re.compile(r";;;|#\s|#$")
_SHOWN = 3
_MODIFIERS = frozenset({"Lm", "Sk"})
"""Categories of what changes the letter before it: ʰ ʲ ː ˥."""
_MOST_SIGNS = 3
"""Of the signs on either side of a word, those that may be letters of it."""


class Rules(Protocol):
    """From a text to its phones."""

    def phones_of(self, text: str, dropped: Counter[str]) -> Phones:
        """Return the phones of a text; characters that are left out are counted in `dropped`.

        Raises `ValueError` where the table lacks something, and says what and where.
        """


def is_table(name: str) -> bool:
    """Whether what was chosen (`corpora.known.phonemise`) is a file, and not the code of a
    language.
    """
    return "/" in name


def read_rules(path: Path) -> Rules:
    """Read a table. Raises `UserError` where it is missing, empty, or a line is none of it."""
    missing = "no such file; expected a lexicon, or a mapping with the header Orth,Phon"
    lines = lines_of(text_of(path, missing))
    separator = _mapping_separator(lines)
    if separator is not None:
        return LetterTable(path, _read_mapping(path, "\n".join(lines), separator))
    return WordTable(path, _read_lexicon(path, lines))


def _mapping_separator(lines: Sequence[str]) -> str | None:
    """What is between the columns of a mapping; None where it is a lexicon."""
    first = lines[0].strip().lower() if lines else ""
    for separator in (",", "\t", ";"):
        cells = tuple(cell.strip(' "') for cell in first.split(separator))
        if cells == HEADER:
            return separator
    return None


def _read_lexicon(path: Path, lines: Sequence[str]) -> dict[str, Phones]:
    words: dict[str, Phones] = {}
    used = [line for line in lines if line.strip() and not _REMARK.match(line)]
    dotless = has_dotless(line.split()[0] for line in used)
    for number, line in enumerate(lines, 1):
        if not line.strip() or _REMARK.match(line):
            continue
        word, *phones = line.split()
        if not phones:
            raise UserError(
                f"{path}, line {number}: expected a word and its phones, found {line.strip()!r} "
                f"alone; for a mapping of letters the first line is Orth,Phon"
            )
        spelled = key(_OTHER_PRONUNCIATION.sub("", word), dotless)
        words.setdefault(spelled, tuple(map(decomposed, phones)))
    if not words:
        raise UserError(f"{path}: expected lines of a word and its phones, found none")
    return words


def _read_mapping(path: Path, text: str, separator: str) -> dict[str, Phones]:
    letters: dict[str, Phones] = {}
    dotless = has_dotless(line.partition(separator)[0] for line in text.split("\n"))
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    for row in rows:
        number = rows.line_num
        if number == 1 or not any(cell.strip() for cell in row):
            continue
        if len(row) != len(HEADER):
            raise UserError(
                f"{path}, line {number}: expected two columns, Orth and Phon, found {len(row)}: "
                f"{separator.join(row)!r}"
            )
        spelled, said = key(row[0].strip(), dotless), row[1].strip()
        if not spelled:
            raise UserError(f"{path}, line {number}: expected letters in Orth, found none")
        phones = _divide(said)
        if letters.get(spelled, phones) != phones:
            raise UserError(
                f"{path}, line {number}: {row[0].strip()} for the second time, with other phones"
            )
        letters[spelled] = phones
    if not letters:
        raise UserError(f"{path}: expected lines of letters and phones below Orth,Phon, found none")
    return letters


def _divide(said: str) -> Phones:
    """The phones of a cell: what spaces part, or letters, each with its marks and modifiers behind
    it (pʰ, aː, á), and two that a tie joins (t͡ʃ).
    """
    apart = decomposed(said)
    if " " in apart:
        return tuple(apart.split())
    phones: list[str] = []
    for cluster in clusters(apart):
        mark = decomposed(cluster)
        # What is raised before the first letter belongs to that: ⁿd.
        follows = phones and unicodedata.category(mark[0]) in _MODIFIERS
        is_begun = len(phones) == 1 and unicodedata.category(phones[0][-1]) in _MODIFIERS
        if follows or (is_begun and len(phones[0]) == 1):
            phones[-1] += mark
        else:
            phones.append(mark)
    return tuple(phones)


@dataclass(frozen=True)
class WordTable:
    """A lexicon: words in lower case and NFD, and the phones of each."""

    path: Path
    words: Mapping[str, Phones]

    @cached_property
    def _typing(self) -> Typing:
        return Typing.of(self.words)

    def phones_of(self, text: str, dropped: Counter[str]) -> Phones:
        """As `Rules.phones_of`."""
        _check_lost(text)
        phones: list[str] = []
        unknown: list[str] = []
        typed = self._typing.typed(text)
        own = self._typing.spelled(typed)
        for written, alike in zip(typed.split(), own.split(), strict=True):
            # What is no apostrophe of the table's may be a quotation mark.
            spelled = alike if self._found(alike) is not None else written
            word = self._found(spelled)
            if word is not None:
                begin, behind = spelled.split(word, 1)
                dropped += Counter(written[: len(begin)] + written[len(written) - len(behind) :])
                phones += self.words[word]
            elif any(map(_is_spelling, written)):
                unknown.append(unicodedata.normalize("NFC", _bare(written)))
            else:
                dropped += Counter(written)
        if unknown:
            some = ", ".join(dict.fromkeys(unknown[:_SHOWN]))
            raise ValueError(f"expected words of {self.path.name}, found {some} in {text!r}")
        if not phones:
            raise ValueError(f"expected a sentence, found no word in {text!r}")
        return tuple(phones)

    def _found(self, written: str) -> str | None:
        """What the lexicon has of a word: as it is written, or without signs around it, as few as
        can be: of (kana:), it is kana: where there is one.
        """
        if written in self.words:
            return written
        first, last = _ends(written)
        # Two of a kind belong to each other: of 'yak', there is no yak'.
        is_paired = 0 < first < last < len(written) and written[first - 1] == written[last]
        parts: list[str] = []
        for begin in range(max(0, first - _MOST_SIGNS), first + 1):
            for end in range(last, min(len(written), last + _MOST_SIGNS) + 1):
                if not is_paired or (begin < first) == (end > last):
                    parts.append(written[begin:end])
        return next(filter(self.words.__contains__, sorted(parts, key=len, reverse=True)), None)


@dataclass(frozen=True)
class LetterTable:
    """A mapping: spellings in lower case and NFD, and the phones of each."""

    path: Path
    letters: Mapping[str, Phones]

    @cached_property
    def _typing(self) -> Typing:
        return Typing.of(self.letters)

    def phones_of(self, text: str, dropped: Counter[str]) -> Phones:
        """As `Rules.phones_of`."""
        _check_lost(text)
        typed = self._typing.typed(text)
        written = self._typing.spelled(typed)
        longest = max(map(len, self.letters))
        phones: list[str] = []
        place = 0
        while place < len(written):
            spelled = self._longest_at(written, place, longest)
            if spelled:
                phones += self.letters[spelled]
                place += len(spelled)
                continue
            # What is in no letter of the table's may be a quotation mark.
            mark = typed[place]
            if _is_spelling(mark):
                around = typed[max(0, place - 8) : place + 8].strip()
                raise ValueError(
                    f"expected letters of {self.path.name}, found {_named(mark)} in …{around}… "
                    f"({text!r})"
                )
            if not mark.isspace():
                dropped[mark] += 1
            place += 1
        if not phones:
            raise ValueError(f"expected a sentence, found no phone in {text!r}")
        return tuple(phones)

    def _longest_at(self, written: str, place: int, longest: int) -> str:
        cut = ""
        for length in range(min(longest, len(written) - place), 0, -1):
            spelled = written[place : place + length]
            if spelled not in self.letters:
                continue
            following = written[place + length : place + length + 1]
            # In añ there is no an, unless the table has a tilde of its own.
            if not _is_mark(following) or following in self.letters:
                return spelled
            cut = cut or spelled
        return cut


def _bare(word: str) -> str:
    """A word without the signs around it, such as quotation marks and commas."""
    return word[slice(*_ends(word))]


def _ends(word: str) -> tuple[int, int]:
    """Where a word without the signs around it begins and ends."""
    first, last = 0, len(word)
    while first < last and not _is_spelling(word[first]):
        first += 1
    while last > first and not _is_spelling(word[last - 1]):
        last -= 1
    return first, last


def _is_mark(mark: str) -> bool:
    return bool(mark) and unicodedata.category(mark).startswith("M")


def _is_spelling(mark: str) -> bool:
    """Whether a character belongs to how a word is spelled: a letter, a mark on it, a digit."""
    return unicodedata.category(mark)[0] in "LMN"


def _named(mark: str) -> str:
    if unicodedata.category(mark).startswith("M"):
        return f"U+{ord(mark):04X} ({unicodedata.name(mark, 'unnamed')})"
    return f"{mark} (U+{ord(mark):04X})"


def _check_lost(text: str) -> None:
    if LOST in text:
        raise ValueError(f"expected a text, found a character that was lost (U+FFFD) in {text!r}")
