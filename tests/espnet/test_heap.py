"""What is freed stays the process's, and is given back: each test is a process of its own."""

import json
import subprocess
import sys

MEASURE = """
import ctypes, json, resource
import torch
from pathlib import Path
from parp_espnet.espnet import heap

torch.set_num_threads(1)
PR_SET_THP_DISABLE = 41
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)  # else pages may be of 2 MB

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        tensors = [torch.ones(1_000_000) for _ in range(4)]
        del tensors
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

found = {"usual": faults()}
with heap.kept():
    faults()
    found["kept"] = faults()
    found["before"] = resident()
    heap.give_back()
    found["after"] = resident()
    found["again"] = faults()
print(json.dumps(found))
"""


def test_an_update_asks_the_system_for_no_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["usual"] > 1_000  # of 80,000: 16 MB in pages of 4 kB, twenty times
    assert found["kept"] < 100
    assert found["before"] - found["after"] > 8_000_000
    assert found["again"] < 6_000  # once
