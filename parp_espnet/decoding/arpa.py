"""ARPA files: the form in which n-gram models are exchanged (SRILM's ngram-format(5); KenLM and ESPnet read it)."""

import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import write_text

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
IMPOSSIBLE = -100.0
"""Base-10 logarithm for a word that a model does not have; KenLM's."""

type Words = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """An n-gram's base-10 logarithms: of its last word's probability after the others, and of its back-off weight."""

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
        """Return the base-10 logarithm of a word's probability after a history, by the rule of back-off (Katz 1987)."""
        context = history[len(history) - self.order + 1 :] if len(history) >= self.order else history
        found = self.entry((*context, word))
        if found is not None:
            return found.probability
        if not context:
            unknown = self.entry((UNKNOWN,))
            return IMPOSSIBLE if unknown is None else unknown.probability
        weight = self.entry(context)
        return (0.0 if weight is None else weight.backoff) + self.log10(context[1:], word)

    def write(self, path: Path) -> None:
        """Write the file; the same model gives the same bytes."""
        counts = [f"ngram {order}={len(entries)}\n" for order, entries in enumerate(self.ngrams, start=1)]
        sections = []
        for order, entries in enumerate(self.ngrams, start=1):
            lines = [_line(words, entries[words], order < self.order) for words in sorted(entries)]
            sections.append(f"\\{order}-grams:\n{''.join(lines)}\n")
        write_text(path, "".join(["\\data\\\n", *counts, "\n", *sections, "\\end\\\n"]))


def read_arpa(path: Path) -> Arpa:
    """Read an ARPA file, also one in gzip. Raises `UserError` naming the line that is wrong."""
    try:
        # "\n" alone: other characters that Python takes for ends of lines may be in a word.
        text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot read this ARPA file ({error})") from None
    lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), start=1))
    return _parse(path, ((number, line) for number, line in lines if line))


def _parse(path: Path, lines: Iterator[tuple[int, str]]) -> Arpa:
    announced: list[int] = []
    ngrams: list[dict[Words, Entry]] = []
    order, begun = 0, False
    for number, line in lines:
        if line == "\\end\\":
            break
        if line == "\\data\\":
            begun = True
        elif not begun:
            continue  # remarks before the data
        elif line.startswith("ngram ") and order == 0:
            announced.append(_count(path, number, line))
        elif line == f"\\{order + 1}-grams:" and order < len(announced):
            order += 1
            ngrams.append({})
        elif order:
            words, entry = _entry(path, number, line, order, order == len(announced))
            ngrams[-1][words] = entry
        else:
            raise UserError(f"{path}, line {number}: expected 'ngram N=COUNT' or '\\1-grams:', found {line[:60]!r}")
    else:
        raise UserError(f"{path}: expected an ARPA file that ends with \\end\\, found none; it may be cut off")
    if not announced or [len(entries) for entries in ngrams] != announced:
        found = [len(entries) for entries in ngrams]
        raise UserError(f"{path}: expected as many n-grams as its head says, {announced}, found {found}")
    return Arpa(ngrams)


def _count(path: Path, number: int, line: str) -> int:
    try:
        return int(line.partition("=")[2])
    except ValueError:
        raise UserError(f"{path}, line {number}: expected 'ngram N=COUNT', found {line[:60]!r}") from None


def _entry(path: Path, number: int, line: str, order: int, last: bool) -> tuple[Words, Entry]:
    fields = line.split()
    words, numbers = tuple(fields[1 : order + 1]), [fields[0], *fields[order + 1 :]]
    try:
        values = [float(text) for text in numbers]
    except ValueError:
        values = [math.nan]
    if len(words) < order or len(values) > 2 or not all(map(math.isfinite, values)) or (last and len(values) > 1):
        raise UserError(f"{path}, line {number}: expected a logarithm and {order} words, found {line[:60]!r}")
    return words, Entry(*values)


def _line(words: Words, entry: Entry, with_backoff: bool) -> str:
    backoff = f"\t{entry.backoff:.8f}" if with_backoff else ""
    return f"{entry.probability:.8f}\t{' '.join(words)}{backoff}\n"
