"""What this machine is, and what it has for us."""

import math
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path("/")
"""Below it the kernel tells what there is, in proc and sys."""
IN_GROUP = (
    ("memory.max", "memory.current", ""),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
)
"""What versions 2 and 1 of control groups call the bytes that a group may take and has taken, and
what begins the names of those of its members, too.
"""


def cores(root: Path = ROOT) -> int:
    """Return how many processor cores this process may use: fewer than the machine has where a
    queue or a container gave it some of them, or a part of their time.
    """
    count = float(len(os.sched_getaffinity(0)))
    for group in _groups(root, "cpu"):
        times = _text(group / "cpu.max").split()
        if not times:
            times = [_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
        # So many microseconds of work in so many that pass; "max" and -1 are without a bound.
        if times[0].isdecimal():
            count = min(count, int(times[0]) / int(times[1]))
    return math.ceil(count)


def free_memory(root: Path = ROOT) -> int:
    """Return the bytes of memory that processes may still take here without any being ended, of the
    machine's and of what a queue or a container gave us: what holds copies of files is free, too.
    """
    table = (root / "proc/meminfo").read_text(encoding="utf-8")
    free = [1024 * int(table.partition("MemAvailable:")[2].split()[0])]
    for group in _groups(root, "memory"):
        for limit, usage, members in IN_GROUP:
            most, taken = _text(group / limit).strip(), _text(group / usage).strip()
            if most.isdecimal() and taken:
                free.append(int(most) - int(taken) + _copies(group, members))
    return max(0, min(free))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the control groups that bound this process, of either version."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, place = line.split(":", 2)
        if controller in controllers.split(",") or not controllers:
            top = root / "sys/fs/cgroup" / (controller if controllers else "")
            # A container may see its own group at the top, and not the place that is told here.
            group = top / os.path.normpath(place).lstrip("/")
            yield from (group, *group.parents[: len(group.parts) - len(top.parts)])


def _copies(group: Path, members: str) -> int:
    """Bytes of a group that hold copies of files."""
    names = {f"{members}active_file", f"{members}inactive_file"}
    told = [line.split() for line in _text(group / "memory.stat").splitlines()]
    return sum(int(size) for name, size in told if name in names)


def _text(file: Path) -> str:
    """What the kernel says in a file; nothing where it has no such, or shows it to others."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def processor() -> str:
    """What the maker calls this machine's processor."""
    for line in _text(ROOT / "proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def threads() -> int:
    """How many threads torch computes with."""
    from torch import get_num_threads  # noqa: PLC0415

    count: Callable[[], int] = get_num_threads
    return count()
