"""What somebody has put or changed among the files that a step leaves is kept before they are made
again.
"""

import filecmp
import os
import shutil
from pathlib import Path

from parp_espnet.pipeline.contents import Contents
from parp_espnet.pipeline.record import Record
from parp_espnet.pipeline.step import Look, Step
from parp_espnet.progress import say


def open_files(step: Step) -> list[Path]:
    """The files of a step that lie open; of a script of the user's, those that others make, too:
    nobody knows which ones it leaves.
    """
    paths = dict.fromkeys(step.editable)
    for rival in rivals_of(step) if step.of_user else ():
        paths |= dict.fromkeys(map(Path, rival.outputs))
    return list(paths)


def rivals_of(step: Step) -> list[Record]:
    """The records of steps that leave the same files."""
    records = map(Record.read, step.rivals)
    return [record for record in records if record is not None]


def keep_edited(step: Step, look: Look, contents: Contents) -> dict[Path, Path]:
    """Copy outputs that someone has edited before they are made again; return copies of those that
    no record knows.
    """
    records = [record for record in (look.then, *rivals_of(step)) if record is not None]
    unknown: dict[Path, Path] = {}
    for path in open_files(step):
        left = {record.outputs.get(str(path)) for record in records} - {None}
        if not path.exists() or contents.of_any(path) in left:
            continue
        copy = _copied(path)
        if left:
            _say(step, f"{path} was edited; that version is kept as {copy}")
        else:
            unknown[path] = copy
    return unknown


def say_replaced(step: Step, copies: dict[Path, Path]) -> None:
    """Say of which files that were not the step's another is there now; drop copies of others."""
    for path, copy in copies.items():
        if path.exists() and filecmp.cmp(path, copy, shallow=False):
            copy.unlink()
        else:
            _say(step, f"{path} was made by somebody else; that version is kept as {copy}")


def _copied(path: Path) -> Path:
    """Copy what was edited to a place beside it where no other version is; return it."""
    copy = path.with_name(f"{path.name}.edited")
    number = 1
    # An earlier one may have corrections that this one has not.
    while os.path.lexists(copy):
        if copy.is_file() and filecmp.cmp(path, copy, shallow=False):
            return copy
        number += 1
        copy = path.with_name(f"{path.name}.edited{number}")
    shutil.copy2(path, copy)
    return copy


def _say(step: Step, what: str) -> None:
    say(f"{step.label} {step.record.stem}: {what}")
