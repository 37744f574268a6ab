"""`utterances.tsv`: the errors of each utterance, so that two systems can be compared on the same
ones.
"""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, regular, write_text
from parp_espnet.scoring.bootstrap import Paired, paired_interval
from parp_espnet.scoring.per import Counts

LONGEST_COUNT = 9
"""Digits."""
HEAD = ("utterance", "sub", "ins", "del", "reference_length")


def write_utterances(path: Path, counts: Sequence[Counts]) -> None:
    """Write a line for each utterance, in the order given."""
    lines = ["\t".join(HEAD)]
    for scored in counts:
        errors = f"{scored.substitutions}\t{scored.insertions}\t{scored.deletions}"
        lines.append(f"{scored.utterance}\t{errors}\t{scored.reference}")
    write_text(path, "\n".join(lines) + "\n")


def read_utterances(path: Path) -> list[Counts]:
    """Read what `write_utterances` wrote. Raises `UserError` when it is missing or damaged."""
    try:
        head, *lines = lines_of(regular(path).read_text(encoding="utf-8")) or [""]
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: no such file; score again (stages 13 and 14)") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: expected UTF-8 ({error})") from None
    if tuple(head.split("\t")) != HEAD:
        raise UserError(f"{path}: expected the columns {' '.join(HEAD)}, found {head!r}")
    if not lines:
        raise UserError(f"{path}: expected a line for each utterance, found none")
    counts = [_counts(path, number, line) for number, line in enumerate(lines, start=2)]
    seen: set[str] = set()
    for number, scored in enumerate(counts, start=2):
        if scored.utterance in seen:
            raise UserError(
                f"{path}, line {number}: utterance {scored.utterance} is there twice; score again"
            )
        seen.add(scored.utterance)
    return counts


def compare(counts: Sequence[Counts], others: Sequence[Counts], seed: int = 0) -> Paired:
    """Compare two systems on the same utterances, in whatever order each has them.

    Raises `UserError` naming an utterance that only one has, or whose reference has another length.
    """
    by_utterance = {scored.utterance: scored for scored in others}
    different = by_utterance.keys() ^ {scored.utterance for scored in counts}
    if different:
        raise UserError(
            f"utterance {min(different)} is in one system's scores only ({len(different)} such)"
        )
    errors, other_errors, lengths = [], [], []
    for scored in counts:
        other = by_utterance[scored.utterance]
        if scored.reference != other.reference:
            raise UserError(
                f"utterance {scored.utterance} has {scored.reference} and {other.reference} units "
                f"in its reference; score both systems by the same metric and transcripts"
            )
        errors.append(scored.errors)
        other_errors.append(other.errors)
        lengths.append(scored.reference)
    return paired_interval(errors, other_errors, lengths, seed=seed)


def _counts(path: Path, number: int, line: str) -> Counts:
    name, *numbers = line.split("\t")
    if not name or len(numbers) != len(HEAD) - 1 or not all(map(_is_count, numbers)):
        raise UserError(
            f"{path}, line {number}: expected an utterance and four counts, found {line[:60]!r}"
        )
    substitutions, insertions, deletions, reference = map(int, numbers)
    if reference < max(1, substitutions + deletions):
        raise UserError(
            f"{path}, line {number}: more substitutions and deletions than a reference of "
            f"{reference} has"
        )
    return Counts(name, reference, substitutions, insertions, deletions)


def _is_count(word: str) -> bool:
    """Whether a word is a number that errors, or units of a reference, can have."""
    return word.isdecimal() and len(word) <= LONGEST_COUNT
