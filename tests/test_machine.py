import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from parp_espnet.machine import cores, free_memory

TABLE = """MemTotal:       24000000 kB
MemFree:          800000 kB
MemAvailable:   20000000 kB
Buffers:           10000 kB
Cached:         19000000 kB
"""


GIGABYTE = 2**30


def machine(root: Path, groups: str, files: Mapping[str, object]) -> Path:
    """Leave what the kernel of a machine tells of its memory and of a process's control groups."""
    told = {"proc/meminfo": TABLE, "proc/self/cgroup": groups}
    for name, content in files.items():
        told[f"sys/fs/cgroup/{name}"] = f"{content}\n"
    for name, text in told.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_copies_of_files_take_no_memory(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, "", {})) == 20_000_000 * 1024


@pytest.mark.parametrize(
    ("groups", "place"),
    [
        ("0::/\n", ""),
        ("0::/../other.scope\n", ""),
        ("0::/system.slice/job_7.scope\n", "system.slice/"),
        ("0::/system.slice/job_7.scope\n", "system.slice/job_7.scope/"),
    ],
)
def test_a_container_has_what_its_group_is_given(tmp_path: Path, groups: str, place: str) -> None:
    files = {
        f"{place}memory.max": 4 * GIGABYTE,
        f"{place}memory.current": 3 * GIGABYTE,
        f"{place}memory.stat": "anon 1\nactive_file 1000\ninactive_file 200\nslab 7",
        f"{place}cpu.max": "150000 100000",
    }
    root = machine(tmp_path, groups, files)
    assert free_memory(root) == GIGABYTE + 1200
    assert cores(root) == min(2, cores())


@pytest.mark.parametrize("place", ["", "docker/5f/"])
def test_so_has_one_of_the_first_version(tmp_path: Path, place: str) -> None:
    files = {
        f"memory/{place}memory.limit_in_bytes": 4 * GIGABYTE,
        f"memory/{place}memory.usage_in_bytes": GIGABYTE,
        f"memory/{place}memory.stat": "inactive_file 5\ntotal_inactive_file 200",
        f"cpu/{place}cpu.cfs_quota_us": 50000,
        f"cpu/{place}cpu.cfs_period_us": 100000,
    }
    groups = "5:memory:/docker/5f\n3:cpu,cpuacct:/docker/5f\n2:cpuset:/\n0::/\n"
    root = machine(tmp_path, groups, files)
    assert free_memory(root) == 3 * GIGABYTE + 200
    assert cores(root) == 1


def test_a_group_without_a_bound_has_all(tmp_path: Path) -> None:
    second = {"memory.max": "max", "memory.current": GIGABYTE, "cpu.max": "max 100000"}
    first = {
        "memory/memory.limit_in_bytes": 2**63 - 4096,
        "memory/memory.usage_in_bytes": GIGABYTE,
        "cpu/cpu.cfs_quota_us": -1,
        "cpu/cpu.cfs_period_us": 100000,
    }
    root = machine(tmp_path, "4:memory:/\n3:cpu:/\n0::/\n", {**second, **first})
    assert free_memory(root) == 20_000_000 * 1024
    assert cores(root) == cores()


def test_a_group_that_has_taken_all_has_none(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/\n", {"memory.max": 0, "memory.current": GIGABYTE})
    assert free_memory(root) == 0


def test_this_machine_has_some() -> None:
    every_page = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_memory() <= every_page


def test_who_may_use_one_core_runs_one_experiment_at_a_time() -> None:
    script = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from parp_espnet.machine import cores;"
        "from parp_espnet.study.settings import StudySettings;"
        "from parp_espnet.pipeline.call_options import CallOptions;"
        "print(cores(), StudySettings().jobs, CallOptions.nj)"
    )
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "1 1 1\n"
