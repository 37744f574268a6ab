"""Jobs on machines by a real ssh."""

import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

QUEUE = f"{sys.executable} -m parp_espnet.bin.run_queue --backend ssh --config ssh.conf"


@pytest.fixture
def listed(machines: Any, folder: Path) -> Any:
    """The machines, in the lists of the working directory."""
    (folder / ".queue").mkdir()
    (folder / ".queue/machines").write_text("one\ntwo\n")
    (folder / "ssh.conf").write_text(
        f"command ssh -F {machines.root}/ssh_config -o BatchMode=yes\n"
    )
    return machines


def test_an_array_with_one_failing_job(listed: Any) -> None:
    script = "echo job JOB in $PWD with $OMP_NUM_THREADS; [ JOB -ne 2 ] || exit 3"
    options = ("--mem", "4G", "--num_threads", "2", "JOB=1:3")
    done = listed.run(*options, "log/x.JOB.log", "bash", "-c", script, command=QUEUE)
    assert done.returncode == 1
    assert "1 of 3 jobs failed; the first ended with code 3; its log is log/x.2.log" in done.stderr
    assert set(re.findall(r"job \d is on (\w+)", done.stderr)) == {"one", "two"}
    lines = Path("log/x.3.log").read_text().splitlines()
    assert lines[4] == f"job 3 in {Path.cwd()} with 2"
    assert lines[-1].startswith("# Ended (code 0) at ")


def test_a_machine_that_is_gone(listed: Any) -> None:
    Path(".queue/machines").write_text("gone\n")
    done = listed.run("x.log", "true", command=QUEUE)
    assert done.returncode == 1
    assert (
        "left no end in its log, ssh said: ssh: connect to host 127.0.0.1 port 1: Connection "
        "refused" in done.stderr
    )


def test_without_a_list_of_machines(listed: Any) -> None:
    Path(".queue/machines").write_text("one with words\n")
    done = listed.run("x.log", "true", command=QUEUE)
    assert done.returncode == 2
    assert "expected the name of a machine on each line" in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_signal_ends_the_jobs_there(listed: Any, number: int, code: int) -> None:
    job = ["bash", "-c", "sleep 1200 & echo $$ >pid.JOB; wait"]
    process = listed.start("JOB=1:2", "x.JOB.log", *job, command=QUEUE)
    pids = [Path("pid.1"), Path("pid.2")]
    listed.wait_until(lambda: all(map(is_written, pids)), "both jobs to start", process)
    process.send_signal(number)
    listed.end_of(process)
    assert process.returncode == code
    listed.wait_until(
        lambda: not any(Path(f"/proc/{path.read_text().strip()}").exists() for path in pids),
        "the end",
    )


def is_written(path: Path) -> bool:
    return path.exists() and path.read_text() != ""
