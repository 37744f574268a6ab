"""ARPA files: the form in which n-gram models are exchanged (SRILM's ngram-format(5); KenLM and
ESPnet read it).
"""

import bz2
import gzip
import lzma
import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError, printable
from parp_espnet.files import regular, write_text
from parp_espnet.progress import say

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
IMPOSSIBLE = -100.0
"""Base-10 logarithm for a word that a model does not have; KenLM's."""

GZIP = b"\x1f\x8b"
COMPRESSED: dict[bytes, Callable[[bytes], bytes]] = {
    GZIP: gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
}
"""How compressed files begin, and what reads them."""

IRSTLM = "iARPA"
"""Begins IRSTLM's own files, whose numbers are to be put together yet."""
BLANK = " \t\r"
SPACES = re.compile(r"[ \t]+")
SHOWN = 3

type Words = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """An n-gram's base-10 logarithms: of its last word's probability after the others, and of its
    back-off weight.
    """

    probability: float
    backoff: float = 0.0


@dataclass(frozen=True)
class Arpa:
    """An n-gram model as its file has it."""

    ngrams: Sequence[Mapping[Words, Entry]]
    """N-grams of one word, of two, and so on."""

    @property
    def order(self) -> int:
        """Words of the longest n-grams."""
        return len(self.ngrams)

    def entry(self, words: Words) -> Entry | None:
        """Return what the file says of an n-gram."""
        return self.ngrams[len(words) - 1].get(words)

    def log10(self, history: Words, word: str) -> float:
        """Return the base-10 logarithm of a word's probability after a history, by the rule of
        back-off (Katz 1987).
        """
        context = (
            history[len(history) - self.order + 1 :] if len(history) >= self.order else history
        )
        entry = self.entry((*context, word))
        if entry is not None:
            return entry.probability
        if not context:
            unknown = self.entry((UNKNOWN,))
            return IMPOSSIBLE if unknown is None else unknown.probability
        weight = self.entry(context)
        return (0.0 if weight is None else weight.backoff) + self.log10(context[1:], word)

    def write(self, path: Path) -> None:
        """Write the file; the same model gives the same bytes."""
        counts = [
            f"ngram {order}={len(entries)}\n" for order, entries in enumerate(self.ngrams, start=1)
        ]
        sections = []
        for order, entries in enumerate(self.ngrams, start=1):
            lines = [_line(words, entries[words], order < self.order) for words in sorted(entries)]
            sections.append(f"\\{order}-grams:\n{''.join(lines)}\n")
        write_text(path, "".join(["\\data\\\n", *counts, "\n", *sections, "\\end\\\n"]))


def read_arpa(path: Path) -> Arpa:
    """Read an ARPA file, also a compressed one, as KenLM reads it.

    What is untidy but says one thing only is read with a warning: a word that is there twice (the
    first holds, as in KenLM), a head that is off by one in the words.

    Raises `UserError` naming the line that is wrong.
    """
    lines: list[tuple[int, str]] = []
    # "\n" alone: other characters that Python takes for ends of lines, or for spaces, may be in a
    # word.
    for number, line in enumerate(_text(path).split("\n"), start=1):
        stripped = line.strip(BLANK)
        if stripped:
            lines.append((number, stripped))
    return _Reader(path).read(lines)


def _text(path: Path) -> str:
    try:
        content = regular(path).read_bytes()
        for magic, decompress in COMPRESSED.items():
            if content.startswith(magic) or (path.suffix == ".gz" and magic == GZIP):
                content = decompress(content)
                break
        # Notepad's mark of UTF-8 may stand before the data.
        return content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, lzma.LZMAError) as error:
        raise UserError(f"{path}: cannot read this ARPA file ({error})") from None


class _Reader:
    """Reads the lines of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._announced: list[int] = []
        self._lines_of: list[int] = []
        """How many lines each order has."""
        self._ngrams: list[dict[Words, Entry]] = []
        self._twice: list[str] = []

    def read(self, lines: Iterable[tuple[int, str]]) -> Arpa:
        order, begun = 0, False
        for number, line in lines:
            if line == "\\end\\":
                break
            if line == "\\data\\":
                begun = True
            elif not begun:
                # Remarks may stand before the data.
                if line == IRSTLM:
                    raise self._wrong(
                        number,
                        "an ARPA file; IRSTLM's own is made one by compile-lm --text yes",
                        line,
                    )
            elif line.startswith("ngram ") and order == 0:
                self._announced.append(self._count(number, line))
            elif line == f"\\{order + 1}-grams:" and order < len(self._announced):
                order += 1
                self._ngrams.append({})
                self._lines_of.append(0)
            elif order:
                self._add(number, line, order)
            else:
                raise self._wrong(number, "'ngram N=COUNT' or '\\1-grams:'", line)
        else:
            raise UserError(
                f"{self._path}: expected an ARPA file that ends with \\end\\, found none; it may "
                f"be cut off"
            )
        self._check_counts()
        self._check_words()
        if self._twice:
            say(
                f"warning: {self._path}: the first holds of what is there twice: "
                f"{_shown(self._twice)}"
            )
        return Arpa(self._ngrams)

    def _count(self, number: int, line: str) -> int:
        try:
            return int(line.partition("=")[2])
        except ValueError:
            raise self._wrong(number, "'ngram N=COUNT'", line) from None

    def _add(self, number: int, line: str, order: int) -> None:
        words, entry = self._entry(number, line, order)
        self._lines_of[-1] += 1
        if words in self._ngrams[-1]:
            self._twice.append(f"{' '.join(words)} (again in line {number})")
        else:
            self._ngrams[-1][words] = entry

    def _entry(self, number: int, line: str, order: int) -> tuple[Words, Entry]:
        fields = SPACES.split(line)
        words, numbers = fields[1 : order + 1], [fields[0], *fields[order + 1 :]]
        most = 1 if order == len(self._announced) else 2
        try:
            values = [float(text) for text in numbers]
        except ValueError:
            values = []
        # Another file's last order may have the back-off weights that it needs none of, all of them
        # 0.
        if len(values) == most + 1 and order == len(self._announced) and values[-1] == 0:
            values.pop()
        if len(words) < order or not 1 <= len(values) <= most or any(map(math.isnan, values)):
            raise self._wrong(number, f"a logarithm and {order} words", line)
        if values[0] > 0:
            raise self._wrong(number, "the logarithm of a probability, which is not above 0", line)
        if len(values) == 2 and math.isinf(values[1]):
            raise self._wrong(number, "a back-off weight that is finite", line)
        probability = max(values[0], IMPOSSIBLE)
        words = [UNKNOWN if word == "<UNK>" else word for word in words]
        return tuple(words), Entry(probability, *values[1:])

    def _check_counts(self) -> None:
        """Check that nothing is missing, as far as the head tells: it may count a word too many or
        too few.
        """
        distinct = [len(entries) for entries in self._ngrams]
        if self._announced and self._announced in (distinct, self._lines_of):
            return
        found = self._lines_of
        if found and found[1:] == self._announced[1:] and abs(found[0] - self._announced[0]) == 1:
            say(
                f"warning: {self._path}: its head says {self._announced[0]} words, but there are "
                f"{found[0]}"
            )
            return
        raise UserError(
            f"{self._path}: expected as many n-grams as its head says, {self._announced}, found "
            f"{found}"
        )

    def _check_words(self) -> None:
        known = {words[0] for words in self._ngrams[0]}
        for word in (BEGIN, END):
            if word in known:
                continue
            other = f"; write {word} for {word.upper()}" if word.upper() in known else ""
            raise UserError(
                f"{self._path}: expected {word} among the words, as every n-gram of sentences has "
                f"it, found none{other}"
            )
        for entries in self._ngrams[1:]:
            for words in entries:
                unknown = next(
                    (word for word in words if word not in known and word != UNKNOWN), None
                )
                if unknown is not None:
                    raise UserError(
                        f"{self._path}: expected every word among the 1-grams, found {unknown} "
                        f"only in "
                        f"{' '.join(words)}; the file may be damaged"
                    )

    def _wrong(self, number: int, expected: str, line: str) -> UserError:
        return UserError(f"{self._path}, line {number}: expected {expected}, found {line[:60]!r}")


def _shown(items: Sequence[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return printable(", ".join(items[:SHOWN])) + more


def _line(words: Words, entry: Entry, with_backoff: bool) -> str:
    backoff = f"\t{entry.backoff:.8f}" if with_backoff else ""
    return f"{entry.probability:.8f}\t{' '.join(words)}{backoff}\n"
