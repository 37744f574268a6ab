"""Ctrl-C that Python would not let us hear, and what it says of it without being asked.

A signal's exception is raised wherever the main thread is. In a finaliser, such as that of
`soundfile.SoundFile` or of `tqdm`, Python prints it and goes on: a loop over recordings is often
there, and was not interrupted in 8 of 120 times. Such an exception is raised once more.

Where it is raised in the middle of a constructor, the finaliser of what is half made fails, and
Python prints a traceback of that. Nobody who has pressed Ctrl-C is told so.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

SOON = 0.001
"""Seconds: by then the finaliser has ended, or it is told again."""


class _Hook:
    """In the place of `sys.unraisablehook`: what becomes of an exception that cannot be raised."""

    def __init__(self, before: Any) -> None:
        self.before = before
        self.raised: set[type[BaseException]] = set()
        """The interruptions that there were."""

    def __call__(self, lost: Any) -> None:
        if lost.exc_type in self.raised:
            _raise_soon(lost.exc_type)
        elif not self.raised:
            self.before(lost)


@contextmanager
def heard_again() -> Iterator[None]:
    """Within, an interruption that a finaliser has swallowed comes again, by way of a timer; and
    after one, no finaliser's error is told, then or later.
    """
    before = sys.unraisablehook
    hook = sys.unraisablehook = _Hook(before)
    # Who ignores Ctrl-C, or does something else at it, goes on to do so. Threads hear no signal.
    ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    try:
        if ours:
            signal.signal(signal.SIGINT, _interrupt)
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        # The interruption's traceback holds what is half made until the process ends.
        if not hook.raised:
            sys.unraisablehook = before


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    interrupt(KeyboardInterrupt)


def interrupt(kind: type[BaseException]) -> NoReturn:
    """Raise an exception, for a signal's handler: `heard_again` is to know of it."""
    if isinstance(sys.unraisablehook, _Hook):
        sys.unraisablehook.raised.add(kind)
    raise kind


def _raise_soon(kind: type[BaseException]) -> None:
    def again(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGALRM, previous)
        raise kind

    previous = signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, SOON)
