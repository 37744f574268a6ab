"""Progress and time left, on a terminal and in a log."""

import sys
from collections.abc import Iterable, Sized
from typing import Any

from tqdm import tqdm

from parp_espnet.errors import plain_lines

# Now, and not at the first line: what interrupts tqdm while it makes its lock comes out as an
# AttributeError.
tqdm.get_lock()  # type: ignore[no-untyped-call]


def bar(total: float | None, label: str, unit: str = "it") -> "tqdm[Any]":
    """Return a progress bar on stderr; call `.update(n)` and `.close()`, or use it in a `with`.

    On a terminal it redraws ten times a second; in a log it adds a line every ten seconds.
    """
    live = sys.stderr.isatty()
    return tqdm(
        total=total,
        desc=label,
        unit=unit,
        mininterval=0.1 if live else 10.0,
        ascii=not live,
        dynamic_ncols=live,
        ncols=None if live else 90,
        file=sys.stderr if live else _Lines(),
    )


def track[T](
    items: Iterable[T], label: str, unit: str = "it", total: int | None = None
) -> Iterable[T]:
    """Yield `items` while showing how many are done and the time left."""
    size = total if total is not None else len(items) if isinstance(items, Sized) else None
    with bar(size, label, unit) as shown:
        for item in items:
            yield item
            shown.update(1)


def say(line: str) -> None:
    """Print a line on stderr, above the bar if there is one; with its end at once, so that Ctrl-C
    cannot part them.
    """
    tqdm.write(f"{plain_lines(line)}\n", file=sys.stderr, end="")


def emit(text: str) -> None:
    """Print text that ends with a line's end on stdout, above the bar if stdout is the same
    terminal.
    """
    tqdm.write(text, file=sys.stdout, end="")


class _Lines:
    """A stderr on which each redraw of the bar is a line of its own."""

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if line:
            sys.stderr.write(line + "\n")

    def flush(self) -> None:
        sys.stderr.flush()
