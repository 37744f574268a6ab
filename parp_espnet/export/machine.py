"""The machine that something was measured on."""

import platform
from collections.abc import Callable
from pathlib import Path


def processor() -> str:
    """What the maker calls this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def threads() -> int:
    """How many threads torch computes with."""
    from torch import get_num_threads  # noqa: PLC0415

    count: Callable[[], int] = get_num_threads
    return count()
