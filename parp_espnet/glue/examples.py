"""Examples of a task, and the one form in which recipes keep them: `data/<set>.tsv`.

    id      sentence1       sentence2       label

`sentence2` is empty where an example is one sentence.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import need_file, write_text
from parp_espnet.glue.tasks import Source, Task

HEAD = ("id", "sentence1", "sentence2", "label")
VALID_SHARE = 0.1
MOST_VALID = 2000
"""GLUE's development sets are what is reported on, so that validation takes a part of train: so
much of it at most.
"""
MOST_RAGGED = 0.001
"""With a larger share of lines that are cut short, a file is not the one that is known to have
some.
"""


@dataclass(frozen=True)
class Example:
    """One example; `label` is the class's number, or the number to be found."""

    id: str
    sentence1: str
    sentence2: str
    label: float


def read(path: Path, task: Task) -> list[Example]:
    """Read what `write` wrote. Raises `UserError` when it is missing, damaged, or of
    another task.
    """
    rows = _rows(path)
    head = _head(rows)
    if head != list(HEAD):
        raise UserError(
            f"{path}, line 1: expected the columns {' '.join(HEAD)}, found "
            f"{' '.join(head) or 'nothing'}"
        )
    examples = []
    for number, row in rows:
        _check_width(path, number, row, len(HEAD))
        examples.append(Example(row[0], row[1], row[2], _label(path, number, row[3], task)))
    return _not_empty(examples, path)


def write(path: Path, examples: Sequence[Example], task: Task) -> None:
    """Write examples, a line each."""
    lines = ["\t".join(HEAD)]
    for example in examples:
        label = label_name(example.label, task)
        row = (example.id, example.sentence1, example.sentence2, label)
        lines.append("\t".join(map(_plain, row)))
    write_text(path, "\n".join(lines) + "\n")


def label_name(label: float, task: Task) -> str:
    """Return how a label is spelled in our files."""
    return f"{label:g}" if task.labels is None else task.labels[int(label)]


def read_glue(folder: Path, name: str, task: Task) -> dict[str, list[Example]]:
    """Read a task from GLUE's folder: `train`, `valid`, which is an even part of GLUE's train, and
    the tests by name.

    Args:
        folder: the one that holds `CoLA/`, `SST-2/`, …

    Raises:
        UserError: a file is missing, or has other columns, or a label that the task has not; the
            line is named.
    """
    assert task.folder is not None
    assert task.train is not None
    place = folder / task.folder
    if not place.is_dir():
        raise UserError(
            f"{place}: no such folder; --glue expects GLUE as it is distributed, with "
            f"{task.folder}/ in it"
        )
    files = [source.file for source in (task.train, *task.tests.values())]
    missing = [file for file in files if not (place / file).is_file()]
    if missing:
        there = [path.name for path in place.glob("*.tsv")]
        raise UserError(
            f"{place}: task {name} needs {', '.join(files)}; missing {', '.join(missing)}, found "
            f"{' '.join(sorted(there)) or 'no .tsv at all'}"
        )
    whole = _read_source(place, task.train, task)
    stride = max(round(1 / VALID_SHARE), math.ceil(len(whole) / MOST_VALID))
    valid, train = whole[stride - 1 :: stride], whole.copy()
    del train[stride - 1 :: stride]
    if not valid:
        raise UserError(
            f"{place / task.train.file}: expected at least {stride} examples, found {len(whole)}"
        )
    sets = {"train": train, "valid": valid}
    for test, source in task.tests.items():
        sets[test] = _read_source(place, source, task)
    return sets


def _read_source(place: Path, source: Source, task: Task) -> list[Example]:
    path = place / source.file
    rows = _rows(path)
    (first, *second, label), width = _columns(path, source, rows)
    examples, ragged = [], []
    for number, row in rows:
        if task.ragged and len(row) < width:
            ragged.append(number)
            continue
        _check_width(path, number, row, width)
        value = _label(path, number, row[label], task)
        sentence2 = row[second[0]] if second else ""
        examples.append(Example(f"{path.stem}-{number}", row[first], sentence2, value))
    if len(ragged) > max(1, MOST_RAGGED * len(examples)):
        raise UserError(
            f"{path}: {len(ragged)} lines are cut short, the first is line {ragged[0]}; get the "
            f"file again"
        )
    return _not_empty(examples, path)


def _columns(
    path: Path, source: Source, rows: Iterator[tuple[int, list[str]]]
) -> tuple[list[int], int]:
    """The places of a source's columns, the label's last, and how many columns a line has."""
    wanted = [*source.sentences, source.label]
    numbers = [column for column in wanted if isinstance(column, int)]
    if numbers:
        return numbers, max(numbers) + 1
    head = _head(rows)
    names = list(map(str, wanted))
    missing = [name for name in names if name not in head]
    if missing:
        raise UserError(
            f"{path}, line 1: expected the columns {', '.join(names)}, found "
            f"{', '.join(head) or 'nothing'}; "
            f"missing {', '.join(missing)}"
        )
    return list(map(head.index, names)), len(head)


def _head(rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The names of the columns; none of an empty file."""
    _, head = next(rows, (1, []))
    return head


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a TSV file, with their numbers; nothing in it is a quotation mark."""
    need_file(path, "no such file; run stage 1")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: expected UTF-8 with tabs between columns ({error})") from None


def _check_width(path: Path, number: int, row: Sequence[str], width: int) -> None:
    if len(row) < width:
        raise UserError(
            f"{path}, line {number}: expected {width} columns with tabs between them, found "
            f"{len(row)}"
        )


def _label(path: Path, number: int, text: str, task: Task) -> float:
    if task.labels is not None:
        name = task.spelled.get(text, text)
        if name not in task.labels:
            known = ", ".join(task.spelled or task.labels)
            raise UserError(
                f"{path}, line {number}: expected one of the labels {known}, found {text!r}"
            )
        return float(task.labels.index(name))
    assert task.bounds is not None
    low, high = task.bounds
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise UserError(
            f"{path}, line {number}: expected a number from {low:g} to {high:g}, found {text!r}"
        )
    return value


def _not_empty(examples: list[Example], path: Path) -> list[Example]:
    if not examples:
        raise UserError(f"{path}: expected examples, found none")
    return examples


def _plain(text: str) -> str:
    return " ".join(text.split())
