"""All that is looked for, in one pass over the data directories."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from parp_espnet.data.check.across import judge_sets
from parp_espnet.data.check.audio import Heard, hear_all
from parp_espnet.data.check.faults import Fault, Level, Levels
from parp_espnet.data.check.folder import Folder, Recording, read_folder
from parp_espnet.data.check.judge import Limits, judge, judge_none_left
from parp_espnet.data.check.text import judge_texts
from parp_espnet.data.check.unseen import judge_alike, judge_unseen
from parp_espnet.data.check.words import judge_words
from parp_espnet.errors import UserError


@dataclass(frozen=True)
class Findings:
    """What was found: the directories, the recordings of each, the faults that are not ignored."""

    folders: tuple[Folder, ...]
    heard: tuple[tuple[Heard, ...], ...]
    faults: tuple[Fault, ...]
    levels: Levels
    took: float
    """Seconds."""

    def of(self, level: Level) -> tuple[Fault, ...]:
        """The faults of a level."""
        return tuple(fault for fault in self.faults if self.levels[fault.kind] is level)

    @property
    def utterances(self) -> int:
        """How many utterances were looked at."""
        return sum(len(folder.utterances) for folder in self.folders)

    @property
    def hours(self) -> float:
        """How much speech could be decoded."""
        seconds = []
        for hearing in chain.from_iterable(self.heard):
            if hearing.rate:
                seconds += [sound.frames / hearing.rate for sound in hearing.sounds]
        return sum(seconds) / 3600


def check(paths: Sequence[Path], limits: Limits, levels: Levels, jobs: int = 1) -> Findings:
    """Look for faults in data directories, and for what they may not share; the first is what is
    trained on.

    Nothing is changed, and no command of a wav.scp is run. Recordings are decoded by `jobs`
    processes.

    Raises:
        UserError: a directory is not there, is no data directory, or is given twice.
    """
    started = time.perf_counter()
    if len(set(map(Path.resolve, paths))) < len(paths):
        raise UserError(f"{' '.join(map(str, paths))}: expected each directory once")
    folders = tuple(map(read_folder, paths))
    heard = _hear(folders, jobs)
    faults: list[Fault] = []
    for folder, own in zip(folders, heard, strict=True):
        faults += folder.faults
        faults += judge(folder, own, limits)
    for folder, own in zip(folders[: limits.filtered], heard, strict=False):
        faults += judge_none_left(folder, own, limits)
    faults += judge_texts(folders, limits.inventory)
    faults += judge_unseen(folders)
    faults += judge_alike(folders[0])
    faults += judge_words(folders)
    faults += judge_sets(folders, heard)
    kept = tuple(fault for fault in faults if levels[fault.kind] is not Level.IGNORE)
    return Findings(folders, heard, _ordered(kept, levels), levels, time.perf_counter() - started)


def _hear(folders: Sequence[Folder], jobs: int) -> tuple[tuple[Heard, ...], ...]:
    """The recordings of each directory, all by the same processes."""
    recordings: list[Recording] = []
    for folder in folders:
        recordings += folder.recordings
    names = " ".join(folder.path.name for folder in folders)
    heard = iter(hear_all(recordings, jobs, f"check {names}"))
    return tuple(tuple(islice(heard, len(folder.recordings))) for folder in folders)


def _ordered(faults: Sequence[Fault], levels: Levels) -> tuple[Fault, ...]:
    """Errors first; then by kind, as they are listed, directory, and utterance."""
    kinds = list(levels)

    def place(fault: Fault) -> tuple[object, ...]:
        return (
            levels[fault.kind] is not Level.ERROR,
            kinds.index(fault.kind),
            fault.folder,
            fault.utterance,
            fault.file,
        )

    return tuple(sorted(faults, key=place))
