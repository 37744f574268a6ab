"""Too little of something is one line that says what to do: real failures of torch's
and Python's.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parp_espnet.shortages import free_to_share, shortage

ROOT = Path(__file__).parents[1]
LOADER = """
import torch
from torch.utils.data import DataLoader
from parp_espnet.errors import command

@command
def main():
    data = [torch.zeros({numbers}) for _ in range({batches})]
    for batch in DataLoader(data, num_workers=1, multiprocessing_context="fork"{options}):
        pass

main()
"""


def fails(tmp_path: Path, script: str, *before: str, **variables: str) -> str:
    """Run a script; return the one line of ours by which it fails."""
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [*before, sys.executable, str(tmp_path / "script.py")],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=1200,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | variables,
    )  # fmt: skip
    if "unshare" in before and "Operation not permitted" in done.stderr:
        pytest.skip("only root may mount a small /dev/shm")
    assert done.returncode == 2, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert line == done.stderr.splitlines()[-1]
    return line


def small(size: str) -> tuple[str, ...]:
    """Words before a command that give it a `/dev/shm` of a size of its own."""
    return (
        "unshare",
        "-m",
        "bash",
        "-c",
        f'mount -t tmpfs -o size={size} tmpfs /dev/shm && exec "$@"',
        "bash",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small /dev/shm")
@pytest.mark.parametrize("numbers", [1_000_000, 100_000])
def test_a_small_place_for_what_processes_share(tmp_path: Path, numbers: int) -> None:
    line = fails(tmp_path, LOADER.format(numbers=numbers, batches=8, options=""), *small("64k"))
    assert line.startswith("error: too little room in /dev/shm")
    assert "num_workers: 0" in line
    assert "docker run --shm-size" in line


def test_too_few_open_files(tmp_path: Path) -> None:
    options = ", batch_size=None"
    script = LOADER.format(numbers=10, batches=2000, options=options).replace(
        "pass", "kept.append(batch)"
    )
    script = script.replace("    data =", "    kept = []\n    data =")
    line = fails(tmp_path, script, "bash", "-c", 'ulimit -n 64; exec "$@"', "bash")
    assert line.startswith("error: too many open files: raise the limit (ulimit -n 65536)")


def test_a_process_that_was_in_the_middle_of_a_line(tmp_path: Path) -> None:
    script = """
import multiprocessing, sys
from parp_espnet.errors import command

def complain(begun):
    sys.stderr.write("Traceback (most rec")
    sys.stderr.flush()
    begun.set()
    multiprocessing.Event().wait()

@command
def main():
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    context.Process(target=complain, args=(begun,)).start()
    begun.wait()
    raise MemoryError

main()
"""
    assert fails(tmp_path, script).startswith("error: too little memory")


def test_a_worker_that_was_killed(tmp_path: Path) -> None:
    script = """
import os, signal
from torch.utils.data import DataLoader
from parp_espnet.errors import command

class Data:
    def __len__(self): return 4
    def __getitem__(self, number): os.kill(os.getpid(), signal.SIGKILL)

@command
def main():
    list(DataLoader(Data(), num_workers=1, multiprocessing_context="fork"))

main()
"""
    assert fails(tmp_path, script).startswith("error: too little memory: a process was killed")


def test_too_little_memory(tmp_path: Path) -> None:
    script = """
import torch
from parp_espnet.errors import command

@command
def main():
    torch.zeros(10**14)  # more than a process may address, whatever a machine promises

main()
"""
    assert fails(tmp_path, script).startswith("error: too little memory")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a full disk")
def test_no_room_for_temporary_files(tmp_path: Path, small_disk: Path) -> None:
    script = """
import tempfile
from parp_espnet.errors import command

@command
def main():
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(10**7))
        file.flush()

main()
"""
    line = fails(tmp_path, script, TMPDIR=str(small_disk))
    assert "No space left on device" in line
    assert "temporary" in line


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (
            RuntimeError("unable to write to file </torch_12_3>: No space left on device (28)"),
            "too little room in /dev",
        ),
        (
            RuntimeError("unable to open shared memory object </torch_1> in read-write mode"),
            "too little room in /dev",
        ),
        (
            RuntimeError(
                "DataLoader worker (pid 3) is killed by signal: Bus error. It is possible"
            ),
            "too little room",
        ),
        (RuntimeError("DataLoader worker (pid(s) 3) exited unexpectedly"), "too little memory"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            "too little memory",
        ),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
            "too little memory on the GPU",
        ),
        (MemoryError(), "too little memory"),
        (OSError(24, "Too many open files"), "too many open files"),
        (
            FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"),
            "no directory for temporary files",
        ),
        (ValueError("anything else"), None),
        (RuntimeError("size mismatch"), None),
        (KeyError("shm"), None),
    ],
)
def test_what_is_told(error: Exception, begins: str | None) -> None:
    found = shortage(error)
    assert found is None if begins is None else str(found).startswith(begins)


def test_the_cause_behind_an_error_counts() -> None:
    try:
        try:
            raise MemoryError
        except MemoryError as error:
            raise RuntimeError("worker failed") from error
    except RuntimeError as error:
        found = shortage(error)
    assert found is not None
    assert found.startswith("too little memory")


def test_there_is_room_here() -> None:
    assert free_to_share() >= 0
