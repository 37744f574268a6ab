"""What this machine is, and what it has for us."""

import os
import platform
from collections.abc import Callable
from pathlib import Path

MEMORY = Path("/proc/meminfo")


def cores() -> int:
    """Return how many processor cores this process may use: fewer than the machine has where a
    queue or a container gave it some of them.
    """
    return len(os.sched_getaffinity(0))


def free_memory(table: Path = MEMORY) -> int:
    """Return the bytes of memory that processes may still take here without any being ended: what
    holds copies of files is free, too.
    """
    _, _, kilobytes = table.read_text(encoding="utf-8").partition("MemAvailable:")
    return 1024 * int(kilobytes.split()[0])


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
