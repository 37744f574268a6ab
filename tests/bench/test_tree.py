"""The memory of a process and its descendants."""

import subprocess
import sys
import time

import pytest

from parp_espnet.bench.tree import memory_of, peak_of_tree, tree_of

HOLDS = """
import sys
held = bytearray(b"x") * 50_000_000
print("held", flush=True)
sys.stdin.read()
"""
STARTS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}])"


@pytest.mark.parametrize(("program", "processes"), [(HOLDS, 1), (STARTS, 2)])
def test_what_a_process_and_its_children_hold(
    program: str, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    tree = tree_of(process.pid)
    assert tree[0] == process.pid
    assert len(tree) == processes
    # It ends when it has been looked at once.
    real = time.sleep

    def end(seconds: float) -> None:
        process.stdin.close()
        real(seconds)

    monkeypatch.setattr(time, "sleep", end)
    assert 50_000_000 < peak_of_tree(process) < 150_000_000
    assert memory_of(process.pid) == 0
