"""Run a command whose words go to a log, and show the progress that it (or its jobs) write to
files.

A progress file is JSON, written atomically:

    {"update": 12, "updates": 300, "loss": 1.2, "seconds": 10.1, "phase": "train"}
"""

import contextlib
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parp_espnet import progress
from parp_espnet.queues.running import running
from parp_espnet.queues.signals import Process
from parp_espnet.scoring.result import RESULT

if TYPE_CHECKING:
    from tqdm import tqdm

POLL_SECONDS = 0.2
TAIL_BYTES = 2000
BAR = re.compile(r"^.*\d+%\|[#0-9 ]*\|.*\]$", re.MULTILINE)
"""A line of `parp_espnet.progress` in a log."""


def follow(
    command: Sequence[str],
    label: str,
    files: Sequence[Path],
    log: Path | None,
    *,
    total: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run `command`, showing one bar over all progress `files`; return its exit code.

    Without files, the progress lines that the command writes into its `log` are repeated. `total`
    is the number of updates that all files together lead to; by default, what the files say. The
    command has our environment unless it is given another. When an exception ends us, it ends the
    command; when we are killed, that is told to end as well: it would go on writing beside the one
    that comes after us.
    """
    begin = time.time()
    if log is not None:
        print(f"{label}: log in {log}", file=sys.stderr)
    with running(command, environment) as process:
        if files:
            _with_bar(
                process, label, lambda: _read(files, begin), lambda: _scored(files, begin), total
            )
        elif log is not None:
            _with_log(process, log)
        return process.wait()


def _with_bar(
    process: Process,
    label: str,
    read: Callable[[], dict[Path, dict[str, Any]]],
    scored: Callable[[], int],
    total: int | None,
) -> None:
    seen: set[Path] = set()
    with progress.bar(total, label, unit="update") as bar:
        while process.poll() is None:
            _show(bar, read(), scored(), seen, total)
            time.sleep(POLL_SECONDS)
        _show(bar, read(), scored(), seen, total)


def _with_log(process: Process, log: Path) -> None:
    shown = ""
    while process.poll() is None:
        time.sleep(POLL_SECONDS)
        shown = _last_bar(log, shown)
    _last_bar(log, shown)


def _read(files: Sequence[Path], begin: float) -> dict[Path, dict[str, Any]]:
    """Return what progress files say, those left out that an earlier, interrupted run wrote."""
    states = {}
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            state = json.loads(file.read_text(encoding="utf-8"))
            if state["phase"] == "done" or file.stat().st_mtime >= begin - 1.0:
                states[file] = state
    return states


def _scored(files: Sequence[Path], begin: float) -> int:
    """How many models were scored since `begin`: their results are beside their progress files."""
    count = 0
    for file in files:
        with contextlib.suppress(OSError):
            count += (file.parent / RESULT).stat().st_mtime >= begin - 1.0
    return count


def _show(
    bar: "tqdm[None]",
    states_of: Mapping[Path, dict[str, Any]],
    scored: int,
    seen: set[Path],
    total: int | None,
) -> None:
    if not states_of:
        return
    states = list(states_of.values())
    if total is None:
        total = sum(state["updates"] or 0 for state in states) or None
    bar.total = total
    bar.set_postfix_str(_words(states, scored), refresh=False)
    # What a file says first was done before: it tells nothing of the pace.
    before = sum(states_of[file]["update"] for file in states_of.keys() - seen)
    seen.update(states_of)
    bar.initial += before
    bar.n += before
    bar.last_print_n += before
    bar.update(sum(state["update"] for state in states) - bar.n)


def _words(states: Sequence[dict[str, Any]], scored: int) -> str:
    if len(states) > 1:
        trained = sum(state["phase"] == "done" for state in states)
        return f"{trained} trained, {scored} scored now" if scored else f"{trained} trained"
    phase, loss = states[0]["phase"], states[0].get("loss")
    return f"{phase} loss {loss:.3f}" if isinstance(loss, int | float) else f"{phase}"


def _last_bar(log: Path, shown: str) -> str:
    """Print the last progress line of a log where it is a new one; return it."""
    with contextlib.suppress(OSError):
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            tail = file.read().decode("utf-8", errors="replace")
        bars = BAR.findall(tail)
        if bars and bars[-1] != shown:
            print(bars[-1], file=sys.stderr)
            return str(bars[-1])
    return shown
