"""What this machine has for us."""

import os
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
