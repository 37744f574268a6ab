"""What a process needs of memory, and when a device is done."""

import contextlib
from pathlib import Path

import torch


def peak(reset: bool = False, device: str = "cpu") -> int:
    """Return the process's peak of resident memory in bytes, or of a GPU's memory, since the last
    reset.
    """
    if device != "cpu":
        if reset:
            torch.cuda.reset_peak_memory_stats()
        return torch.cuda.max_memory_allocated()
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    _, _, kilobytes = Path("/proc/self/status").read_text().partition("VmHWM:")
    return 1024 * int(kilobytes.split()[0])


def wait_for(device: str) -> None:
    """Wait until a GPU has done what it was told; a CPU has."""
    if device != "cpu":
        torch.cuda.synchronize()


def be_the_first_to_end() -> None:
    """Let this process, and those that it starts, be ended before any other where memory is short:
    a measurement is worth less than what else is running.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
