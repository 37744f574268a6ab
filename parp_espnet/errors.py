"""Errors that a user can act on, and how a command shows them."""

import errno
import functools
import os
import signal
import sys
from collections.abc import Callable

USAGE_ERROR = 2
INTERRUPTED = 128 + signal.SIGINT
REFUSALS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room"),
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "give access to it"),
}
"""What helps against errors that are the machine's."""


class UserError(Exception):
    """Something the user can mend.

    The message is one line that names what is wrong, where, what was expected, what was found and what to do.
    """


def describe(error: Exception) -> str:
    """Another library's error in one line: its kind and the first line that it says."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")
    return f"{type(error).__name__}: {first}"


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Wrap the `main` of a command: a `UserError` becomes one line on stderr and exit code 2, Ctrl-C becomes 130.

    So does a disk that is full or may not be written. Anything else is a defect of ours and keeps its traceback.
    """

    @functools.wraps(main)
    def wrapped() -> None:
        try:
            main()
            sys.stdout.flush()
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(USAGE_ERROR)
        except KeyboardInterrupt:
            print("interrupted: what was complete stays; the same command continues", file=sys.stderr)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            # `command | head` closed our stdout; point it elsewhere so that the interpreter's last flush is silent.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(128 + signal.SIGPIPE)
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            where = f"{error.filename}: " if error.filename is not None else ""
            advice = f"{REFUSALS[error.errno]}, and the same command continues"
            print(f"error: {where}{error.strerror}; {advice}", file=sys.stderr)
            sys.exit(USAGE_ERROR)

    return wrapped
