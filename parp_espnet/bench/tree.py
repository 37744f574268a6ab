"""The memory of a process and of all that it has started."""

import contextlib
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.25


def peak_of_tree(process: "subprocess.Popen[Any]") -> int:
    """Return the most bytes that a process and its descendants had together, looked at until it
    ends.

    A page that several of them share counts once (Linux's proportional set size).
    """
    most = 0
    while process.poll() is None:
        most = max(most, sum(map(memory_of, tree_of(process.pid))))
        time.sleep(EVERY_SECONDS)
    return most


def tree_of(root: int) -> list[int]:
    """Return a process and its descendants. Who has lost its parent is none."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may have anything in it.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children[int(fields[1])].append(int(entry.name))
    tree = [root]
    for pid in tree:
        tree += children[pid]
    return tree


def memory_of(pid: int) -> int:
    """Return a process's share of the memory that it has, in bytes; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0
