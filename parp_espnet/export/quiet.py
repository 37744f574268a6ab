"""What other people's exporters print, kept out of the user's terminal."""

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

TERMINAL = (1, 2)
"""Standard output and error, which C++ writes to without asking Python."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let nothing that is printed, logged or warned of come to the terminal; errors do."""
    disabled = logging.root.manager.disable
    kept = [os.dup(number) for number in TERMINAL]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        _flush()
        try:
            for number in TERMINAL:
                os.dup2(nowhere.fileno(), number)
            yield
        finally:
            _flush()
            for number, copy in zip(TERMINAL, kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)
            logging.disable(disabled)


def _flush() -> None:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and not stream.closed:
            stream.flush()
