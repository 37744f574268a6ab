import subprocess
import sys
from pathlib import Path

from parp_espnet.queues.driver import news

SLURMS = (
    "slurmstepd-node1: error: *** JOB 1 ON node1 CANCELLED AT 2026-11-26T18:18:59 DUE TO "
    "TIME LIMIT ***"
)


def test_a_jobs_own_end_does_not_hide_what_the_scheduler_said(tmp_path: Path) -> None:
    """Slurm signals all processes of a job: a command may end, and be called failed, before its
    `run_local` is told.
    """
    log = tmp_path / "x.log"
    words = [
        sys.executable,
        "-m",
        "parp_espnet.bin.run_local",
        str(log),
        "bash",
        "-c",
        "seq 9; kill -TERM $$",
    ]
    shown = subprocess.run(words, capture_output=True, text=True, check=False).stderr.splitlines()
    assert len(shown) > 5
    said = news([SLURMS, *shown], log.read_text().splitlines())
    assert said == [SLURMS, f"run_local: the job failed; ended with code -15; its log is {log}"]
