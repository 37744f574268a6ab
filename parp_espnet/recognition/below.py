"""The files below a directory, also where a link leads to another one."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from parp_espnet.names import is_system

type Identity = tuple[int, int]


def files_below(folder: Path, above: Collection[Identity] = ()) -> Iterator[Path | OSError]:
    """Yield the files below a directory, in order of their names, and why one could not be read.

    Links to directories are followed, but for those to one that they are in. Directories that
    systems leave, such as `.Trash-1000`, are not people's, and are left out.

    Args:
        above: the directories that it is in.
    """
    try:
        own = _identity(folder)
        paths = sorted(folder.iterdir())
    except OSError as error:
        yield error
        return
    if own in above:
        return
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  # false where it cannot be told
            if is_system(path):
                continue
            yield from files_below(path, (*above, own))
        else:
            yield path


def _identity(folder: Path) -> Identity:
    status = folder.stat()
    return status.st_dev, status.st_ino
