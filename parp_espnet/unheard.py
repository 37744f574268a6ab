"""Ctrl-C that Python would not let us hear.

A signal's exception is raised wherever the main thread is. In a finaliser, such as that of
`wave.Wave_write` or of `soundfile.SoundFile`, Python prints it and goes on: a loop over recordings
is often there, and was not interrupted in 8 of 120 times. Such an exception is raised once more.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

INTERRUPTIONS: set[type[BaseException]] = {KeyboardInterrupt}
"""What a signal's handler raises."""
SOON = 0.001
"""Seconds: by then the finaliser has ended, or it is told again."""


@contextmanager
def heard_again() -> Iterator[None]:
    """Within, an interruption that a finaliser has swallowed comes again, by way of a timer."""
    before = sys.unraisablehook

    def hook(lost: Any) -> None:
        if lost.exc_type in INTERRUPTIONS:
            _raise_soon(lost.exc_type)
        else:
            before(lost)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _raise_soon(kind: type[BaseException]) -> None:
    def again(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGALRM, previous)
        raise kind

    previous = signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, SOON)
