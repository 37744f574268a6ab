"""Errors that a user can act on, and how a command shows them."""

import errno
import functools
import json
import os
import signal
import sys
import traceback
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from parp_espnet.interpreter import shield_children
from parp_espnet.shortages import SHARED, shortage
from parp_espnet.unheard import heard_again

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

USAGE_ERROR = 2
INTERRUPTED = 128 + signal.SIGINT
REFUSALS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room there"),
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.ENAMETOOLONG: "give shorter names, such as utterances' ids,",
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "give access to it"),
}
"""Numbers of an `OSError` that are no defects, and what helps."""

SHOWN = 60
"""Letters of a value that a file holds, in a message."""
PATIENCE = 5.0
"""Seconds: for so long a process that is told to end is waited for."""
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of text."""


class UserError(Exception):
    """Something the user can mend.

    The message is one line that names what is wrong, where, what was expected, what was found and
    what to do.
    """


def printable(text: object) -> str:
    """Foreign text as one line for a terminal: what is no letter, mark or sign to see is spelled,
    such as `\\x1b`.

    Names, ids, paths and metadata may hold anything; an escape sequence among them would move the
    cursor, or worse.
    """
    return "".join(_spelled(letter) for letter in str(text))


def as_written(value: object) -> str:
    """A value as an option, YAML or JSON has it, in a message: Python's None, True and {'a': 1} are
    none, true and {"a": 1}.
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return printable(repr(value))
    if isinstance(value, Mapping | list | tuple):
        try:
            return printable(json.dumps(value, ensure_ascii=False, default=str))
        except (TypeError, ValueError):
            # YAML has dates for keys, and lists that hold themselves.
            return printable(value)
    return printable(value)


def excerpt(value: object) -> str:
    """The same, cut to `SHOWN` letters: what a file holds may be long."""
    return as_written(value[:SHOWN]) if isinstance(value, str) else as_written(value)[:SHOWN]


def plain_lines(text: str) -> str:
    """Foreign text of several lines, as `printable` has it, with its tabs."""
    return "".join(letter if letter in "\n\t" else _spelled(letter) for letter in text)


def _spelled(letter: str) -> str:
    # Cc are control characters, Zl and Zp separators of lines, Cs halves of characters, which no
    # stream encodes.
    if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs"):
        return letter.encode("unicode_escape").decode()
    # Those of Cf that turn the direction of what follows can show one name as another; others
    # belong to scripts.
    return letter.encode("unicode_escape").decode() if letter in TURNING else letter


class PlainStream:
    """A terminal to which foreign text comes as `plain_lines` has it; all else is the
    stream's own.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text without what would move the cursor."""
        return self.stream.write(plain_lines(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def clear_terminal() -> None:
    """Clear the screen and begin at its top."""
    stream = sys.stdout.stream if isinstance(sys.stdout, PlainStream) else sys.stdout
    stream.write("\033[2J\033[H")


@contextmanager
def plain_terminal() -> Iterator[None]:
    """Let stdout be plain as long as it is a terminal; a pipe or a file gets what is written, byte
    for byte.
    """
    before = sys.stdout
    if before.isatty():
        sys.stdout = cast(TextIO, PlainStream(before))
    try:
        yield
    finally:
        sys.stdout = before


def describe(error: Exception) -> str:
    """Another library's error in one line: its kind and the first line that it says."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")
    return f"{type(error).__name__}: {first}"


def cannot_write(path: object, number: int) -> str:
    """Say that a file was refused, by one of `REFUSALS`. What was complete before is kept, and
    skipped next time.
    """
    # Without access it may have been read.
    what = "used" if number in (errno.EACCES, errno.EPERM) else "written"
    then = f"{REFUSALS[number]} and give the same command: what was complete stays"
    return f"{path}: cannot be {what} ({os.strerror(number)}); {then}"


def _end_for_want(error: Exception) -> None:
    """End the process by one line where a machine had too little of something; return where an
    error is another.

    What it started is ended first, and the error's variables are given up: processes that had too
    little of it as well would write over the line, and to leave takes files, too.
    """
    wanted = shortage(error)
    if wanted is None:
        return
    # A worker's error is told with its traceback, and ends with what matters.
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = f"error: {wanted}; then give the same command ({said[-1] if said else describe(error)})"
    # Where nobody has imported it, nothing was started; now it may be too late to open its file.
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        _end_all(processes.active_children())
        # Whoever wrote last may have been ended in the middle of a line.
        line = f"\n{line}"
    traceback.clear_frames(error.__traceback__)
    print(line, file=sys.stderr)
    sys.exit(USAGE_ERROR)


def _end_all(children: "list[BaseProcess]") -> None:
    """End processes, and wait until they have ended."""
    for child in children:
        child.terminate()
    for child in children:
        child.join(PATIENCE)


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Wrap the `main` of a command: a `UserError` becomes one line on stderr and exit code 2,
    Ctrl-C becomes 130.

    So does a disk that is full or may not be written, and too little memory. Anything else is a
    defect of ours and keeps its traceback.
    """

    @functools.wraps(main)
    def wrapped() -> None:
        shield_children()
        try:
            with plain_terminal(), heard_again():
                main()
            sys.stdout.flush()
        except UserError as error:
            print(f"error: {plain_lines(str(error))}", file=sys.stderr)
            sys.exit(USAGE_ERROR)
        except KeyboardInterrupt:
            print(
                "interrupted: what was complete stays; the same command continues", file=sys.stderr
            )
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            # `command | head` closed our stdout; point it elsewhere so that the interpreter's last
            # flush is silent.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(128 + signal.SIGPIPE)
        except OSError as error:
            if error.errno not in REFUSALS:
                _end_for_want(error)
                raise
            # A write does not say to which file.
            where = error.filename or f"a file in {Path.cwd()}, for temporary ones or in {SHARED}"
            print(f"error: {plain_lines(cannot_write(where, error.errno))}", file=sys.stderr)
            sys.exit(USAGE_ERROR)
        except Exception as error:
            _end_for_want(error)
            raise

    return wrapped
