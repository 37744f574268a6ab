import os
import subprocess
import sys
from pathlib import Path

from parp_espnet.machine import free_memory

TABLE = """MemTotal:       24000000 kB
MemFree:          800000 kB
MemAvailable:   20000000 kB
Buffers:           10000 kB
Cached:         19000000 kB
"""


def test_copies_of_files_take_no_memory(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(TABLE)
    assert free_memory(tmp_path / "meminfo") == 20_000_000 * 1024


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
