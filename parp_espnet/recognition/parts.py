"""Recordings that several jobs recognise: what each of them has to do, and what is done.

Beside the transcripts, in the folder `.parp-recognize`, there are

    settings.json   with which model and options they are made
    part-RUN.N.json what job N of a run has to do
    part-RUN.N.done a line of JSON for each recording that it is through with
    done.jsonl      those of all runs before
    failed.tsv      what could not be recognised, and why

A transcript is whole before its line is written, and so what has a line is never made again; a
recording that has changed since is another one.
"""

import heapq
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json, write_text
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.transcripts import Format, Transcript

DONE = "done.jsonl"
FAILED = "failed.tsv"
ENDING = ".done"


@dataclass(frozen=True)
class Task:
    """A recording, where its transcript goes, and how far a job is with it.

    Attributes:
        path: of the recording, absolute.
        name: what the user calls it.
        out: of the transcript, absolute.
        size: bytes of the recording; -1 where it is not there.
        changed: when it was changed, in nanoseconds.
        seconds: how long it is, as its header says; 0 where nobody can tell.
        error: why it could not be recognised; None where it was, or was not begun.
    """

    path: str
    name: str
    out: str
    size: int
    changed: int
    seconds: float
    error: str | None = None

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What makes it the same task in another run."""
        return self.path, self.out, self.size, self.changed

    @property
    def line(self) -> str:
        """It as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"

    @classmethod
    def of(cls, loaded: Any) -> Self:
        """Read it. Raises `TypeError` where it is damaged."""
        return cls(**loaded)


def tasks_of(
    sources: Iterable[Source], folder: Folder, seconds: Mapping[Path, float]
) -> list[Task]:
    """Return what is to be done of recordings, in their order."""
    tasks: list[Task] = []
    for source in sources:
        try:
            stat = source.path.stat()
            size, changed = stat.st_size, stat.st_mtime_ns
        except OSError:
            size, changed = -1, 0
        place = folder.place(source).absolute()
        tasks.append(
            Task(
                str(source.path.absolute()),
                str(source.path),
                str(place),
                size,
                changed,
                seconds.get(source.path, 0.0),
            )
        )
    return tasks


def divide(tasks: Sequence[Task], parts: int) -> list[list[Task]]:
    """Return the tasks in so many parts, of about the same length, or fewer where there are."""
    parts = min(parts, len(tasks))
    divided: list[list[Task]] = [[] for _ in range(parts)]
    lengths = [(0.0, number) for number in range(parts)]
    for task in sorted(tasks, key=lambda task: (-task.seconds, task.path)):
        length, number = heapq.heappop(lengths)
        divided[number].append(task)
        # Of unknown length, they count as well.
        heapq.heappush(lengths, (length + max(task.seconds, 1.0), number))
    return divided


def write_part(path: Path, tasks: Sequence[Task]) -> None:
    """Write what a job has to do."""
    write_json(path, [asdict(task) for task in tasks])


def gather(folder: Path) -> dict[tuple[str, str, int, int], Task]:
    """Return what is done of all runs, and put it into one file: of each transcript the recording
    that it is of, which is the last that was written there.

    A line that was cut off when its job was killed is none; the transcript that it was of is there.
    """
    made: dict[str, Task] = {}
    noted = set()
    lists = sorted(folder.glob(f"part-*{ENDING}"))
    for file in [folder / DONE, *lists]:
        for task in read_done(file):
            noted.add(task.key)
            if task.error is None:
                # In the place of another's transcript, too: the last one is what is there.
                made[task.out] = task
            elif task.out in made and made[task.out].key == task.key:
                del made[task.out]
    for file in folder.glob("part-*.json"):
        for task in _unnoted(file):
            if task.key not in noted:
                made[task.out] = task
    kept = {task.key: task for task in made.values()}
    write_text(folder / DONE, "".join(task.line for task in kept.values()))
    for file in lists:
        file.unlink(missing_ok=True)
    for file in folder.glob("part-*.json"):
        file.unlink(missing_ok=True)
    return kept


def _unnoted(file: Path) -> list[Task]:
    """The tasks of a part whose transcripts were written after it was: a job was killed before it
    could say so of one of them.
    """
    since = file.stat().st_mtime_ns
    try:
        tasks = [Task.of(entry) for entry in read_json(file)]
    except (TypeError, UserError):
        return []
    made: list[Task] = []
    for task in tasks:
        transcript = Path(task.out)
        if transcript.is_file() and transcript.stat().st_mtime_ns > since:
            made.append(task)
    return made


def read_done(file: Path) -> list[Task]:
    """Return the tasks that a job is through with."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    tasks: list[Task] = []
    for line in text.split("\n")[:-1]:
        try:
            tasks.append(Task.of(json.loads(line)))
        except (TypeError, ValueError):
            continue
    return tasks


def write_failed(folder: Path, failed: Sequence[Task]) -> None:
    """Write the list of what could not be recognised; without such there is none."""
    path = folder / FAILED
    if not failed:
        path.unlink(missing_ok=True)
        return
    rows = [f"{task.name}\t{' '.join((task.error or '').split())}\n" for task in failed]
    write_text(path, "".join(["recording\treason\n", *rows]))


class Part:
    """What one job has to do, and where it says what it has done. It is an `Output`."""

    def __init__(self, file: Path, written: Format) -> None:
        """Raises `UserError` where the file is none of a part."""
        loaded = read_json(file)
        try:
            self._tasks: dict[Path, list[Task]] = {}
            for entry in loaded:
                # A recording that has two names has a transcript by each.
                self._tasks.setdefault(Path(entry["path"]), []).append(Task.of(entry))
        except (KeyError, TypeError):
            raise UserError(f"{file}: expected what a job has to recognise, found others") from None
        self._done = file.with_suffix(ENDING)
        self._format = written

    @property
    def sources(self) -> list[Source | Failure]:
        """Its recordings."""
        return [Source(path, Path(path.name)) for path in self._tasks]

    def add(self, source: Source, transcript: Transcript) -> None:
        """Write a transcript, and that it is there."""
        for task in self._tasks[source.path]:
            named = replace(transcript, name=task.name)
            write_text(Path(task.out), self._format.alone(named))
            self._note(task)

    def places(self) -> Sequence[Path]:
        """Return the files of its recordings."""
        return [Path(task.out) for tasks in self._tasks.values() for task in tasks]

    def fail(self, failure: Failure) -> None:
        """Write down why a recording was not recognised."""
        for task in self._tasks[failure.path]:
            self._note(replace(task, error=failure.reason))

    def close(self) -> None:
        """Nothing is left to write."""

    def _note(self, task: Task) -> None:
        with self._done.open("a", encoding="utf-8") as file:
            file.write(task.line)
            file.flush()
            os.fsync(file.fileno())
