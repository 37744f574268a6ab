"""What a machine had too little of, told from what torch and Python say of it, and what to do."""

import errno
import os
import re
from collections.abc import Iterator

SHARED = "/dev/shm"
"""Where processes leave batches for each other."""

_MORE_SHARED = (
    f"too little room in {SHARED}, through which batches pass between processes: read them without "
    "(--num_workers 0, in a training configuration num_workers: 0), or make it larger "
    f"(docker run --shm-size 1g; mount -o remount,size=1g {SHARED})"
)
_MORE_MEMORY = (
    "too little memory: a process was killed, or got none; give the job more (--mem), or take "
    "smaller batches "
    "(batch_bins of --train_config) and num_workers: 0"
)
KILLED = (
    "there was too little memory: give the job more, or take smaller batches (batch_bins of "
    "--train_config)"
)
"""What to do where a process was killed, and nothing else says why."""
_MORE_FILES = (
    "too many open files: raise the limit (ulimit -n 65536), or read batches without "
    "processes (num_workers: 0)"
)
_MORE_TEMPORARY = (
    "no directory for temporary files that can be written: make room there, or set "
    "TMPDIR to another"
)
_SMALLER_BATCHES = (
    "too little memory on the GPU: take smaller batches (batch_bins of "
    "--train_config), or a larger GPU"
)

_TOLD = (
    (r"bus error|out of shared memory|shm_open|torch_shm_manager", _MORE_SHARED),
    (r"unable to \w+ .*(</?torch_|\(shm\)|shared memory)", _MORE_SHARED),
    (r"received 0 items of ancdata|too many open files", _MORE_FILES),
    (r"no usable temporary directory", _MORE_TEMPORARY),
    (r"(cuda|hip)( error:)? out of memory", _SMALLER_BATCHES),
    (r"killed by signal: killed|dataloader worker .* exited unexpectedly", _MORE_MEMORY),
    (r"can't allocate memory|cannot allocate memory|std::bad_alloc|unable to "
     r"allocate", _MORE_MEMORY),
)  # fmt: skip


def shortage(error: BaseException) -> str | None:
    """Return what there was too little of, in a line that says what to do; None where an error is
    another.
    """
    for cause in _causes(error):
        if isinstance(cause, MemoryError):
            return _MORE_MEMORY
        if isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE):
            return _MORE_FILES
        said = " ".join(str(cause).split())
        for pattern, advice in _TOLD:
            if re.search(pattern, said, re.IGNORECASE):
                return advice
    return None


def free_to_share() -> int:
    """Return the bytes that are free for what processes share; 0 where nothing can be
    left there.
    """
    try:
        found = os.statvfs(SHARED)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize if os.access(SHARED, os.W_OK) else 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, outermost first."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
