"""What somebody has put or changed among the files that a step leaves is kept before they are made
again.
"""

import filecmp
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.files import atomic_write, is_file, looks_of
from parp_espnet.pipeline.contents import Contents
from parp_espnet.pipeline.record import Record
from parp_espnet.pipeline.step import Look, Step
from parp_espnet.progress import say

OF_OTHERS = "of others"
"""Stands in a record for what was there before, and the step has let be."""


@dataclass(frozen=True)
class Copy:
    """A file that is kept, since a step may replace it."""

    path: Path
    kept: Path
    is_new: bool
    """Whether the copy was not there before."""
    is_known: bool
    """Whether a record knows the file: somebody has edited what a step left."""
    looks: tuple[int, int] | None
    content: bytes | None
    """Of a file in the way of a script of the user's, which may remove the copy, too."""


def open_files(step: Step) -> list[Path]:
    """The files of a step that lie open; of a script of the user's, those that it may leave, and
    those that others make, too: nobody knows which ones it leaves.
    """
    paths = dict.fromkeys(step.editable)
    for pattern in step.perhaps:
        paths |= dict.fromkeys(sorted(step.directory.glob(pattern)))
    for rival in rivals_of(step) if step.of_user else ():
        paths |= dict.fromkeys(map(Path, rival.outputs))
    return list(paths)


def rivals_of(step: Step) -> list[Record]:
    """The records of steps that leave the same files."""
    records = map(Record.read, step.rivals)
    return [record for record in records if record is not None]


def keep_edited(step: Step, look: Look, contents: Contents) -> list[Copy]:
    """Copy files that someone has edited, or that no step left, before they are made again."""
    records = [record for record in (look.then, *rivals_of(step)) if record is not None]
    copies: list[Copy] = []
    for path in open_files(step):
        left = {record.outputs.get(str(path)) for record in records} - {None, OF_OTHERS}
        # A directory, say, in the place of a file is no version of it.
        if not is_file(path) or contents.of_any(path) in left:
            continue
        kept, is_new = _copied(path)
        content = kept.read_bytes() if step.of_user else None
        copies.append(Copy(path, kept, is_new, bool(left), looks_of(path), content))
        if left:
            _say(step, f"{path} was edited; that version is kept as {kept}")
    return copies


def of_others(copies: Iterable[Copy]) -> list[Path]:
    """The files that no step left, as long as they are what they were."""
    unknown = [copy for copy in copies if not copy.is_known]
    return [copy.path for copy in unknown if looks_of(copy.path) == copy.looks]


def look_after(step: Step, copies: Iterable[Copy]) -> None:
    """When a command has ended, say of which files that no step left another is there now; drop
    copies of others, and put those back that it has removed.
    """
    for copy in copies:
        if copy.content is not None and not os.path.lexists(copy.kept):
            with atomic_write(copy.kept) as temporary:
                temporary.write_bytes(copy.content)
        if copy.is_known or not is_file(copy.kept):
            continue
        if not is_file(copy.path) or not filecmp.cmp(copy.path, copy.kept, shallow=False):
            is_now = f"that version is kept as {copy.kept}"
            _say(step, f"{copy.path} was made by somebody else; {is_now}")
        elif copy.is_new:
            copy.kept.unlink()


def _copied(path: Path) -> tuple[Path, bool]:
    """Copy what was edited to a place beside it where no other version is; return that, and whether
    it was not kept before.
    """
    kept = path.with_name(f"{path.name}.edited")
    number = 1
    # An earlier one may have corrections that this one has not.
    while os.path.lexists(kept):
        if kept.is_file() and filecmp.cmp(path, kept, shallow=False):
            return kept, False
        number += 1
        kept = path.with_name(f"{path.name}.edited{number}")
    with atomic_write(kept) as temporary:
        shutil.copy2(path, temporary)
    return kept, True


def _say(step: Step, what: str) -> None:
    say(f"{step.label} {step.record.stem}: {what}")
