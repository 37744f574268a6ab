"""Jobs through a real Grid Engine."""

import signal
import sys
from pathlib import Path
from typing import Any

import pytest

QUEUE = f"{sys.executable} -m parp_espnet.bin.run_queue --backend sge"


@pytest.mark.usefixtures("folder")
def test_an_array_with_one_failing_job(grid_engine: Any) -> None:
    script = "echo job JOB with $OMP_NUM_THREADS; [ JOB -ne 2 ] || exit 3"
    options = ("--mem", "100M", "--num_threads", "2", "--max_jobs_run", "2", "JOB=1:3")
    done = grid_engine.run(*options, "log/x.JOB.log", "bash", "-c", script, command=QUEUE)
    assert done.returncode == 1
    assert "1 of 3 jobs failed; the first ended with code 3; its log is log/x.2.log" in done.stderr
    assert "job 3 with 2" in Path("log/x.3.log").read_text()
    assert Path("log/x.1.log").read_text().splitlines()[-1].startswith("# Ended (code 0) at ")
    assert [path.name for path in Path("q").iterdir()] == ["x.sh"]


@pytest.mark.usefixtures("folder")
def test_a_single_job_and_what_is_refused(grid_engine: Any) -> None:
    assert grid_engine.run("one.log", "echo", "a b", command=QUEUE).returncode == 0
    assert Path("one.log").read_text().splitlines()[4] == "a b"
    refused = grid_engine.run("-q", "no_such.q", "one.log", "true", command=QUEUE)
    assert refused.returncode == 2
    assert "no_such.q" in refused.stderr


@pytest.mark.thorough
@pytest.mark.usefixtures("folder")
def test_a_job_that_reaches_its_time_limit_fails_and_nothing_of_it_stays(grid_engine: Any) -> None:
    script = "echo $$ >pid.JOB; [ JOB = 2 ] || sleep 1200"
    # The second job needs a moment to end, on a busy machine many of them.
    done = grid_engine.run(
        "--time", "30", "JOB=1:2", "x.JOB.log", "bash", "-c", script, command=QUEUE
    )
    assert done.returncode == 1
    assert (
        "1 of 2 jobs failed; the first was stopped, Grid Engine says 37: qmaster enforced h_rt"
        in done.stderr
    )
    assert Path("x.1.log").read_text().splitlines()[-1].startswith("# Ended (code 137) at ")
    grid_engine.wait_until(
        lambda: is_gone(Path("pid.1")), "the end of what Grid Engine does not know"
    )


@pytest.mark.usefixtures("folder")
def test_a_job_that_cannot_start_fails(grid_engine: Any) -> None:
    Path("missing.conf").write_text(
        "command qsub -v PATH -wd /no/such/directory -S /bin/bash -j y\n"
    )
    done = grid_engine.run("--config", "missing.conf", "x.log", "true", command=QUEUE)
    assert done.returncode == 1
    assert "Grid Engine says Eqw (error: can't chdir to /no/such/directory" in done.stderr
    assert not grid_engine.ask("qstat")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.usefixtures("folder")
def test_a_signal_cancels_the_jobs(grid_engine: Any, number: int, code: int) -> None:
    job = ["bash", "-c", "sleep 1200 & echo $$ >pid.JOB; wait"]
    process = grid_engine.start("JOB=1:2", "x.JOB.log", *job, command=QUEUE)
    pids = [Path("pid.1"), Path("pid.2")]
    grid_engine.wait_until(lambda: all(map(is_written, pids)), "both jobs to start", process)
    process.send_signal(number)
    grid_engine.end_of(process)
    assert process.returncode == code
    assert not grid_engine.ask("qstat")
    grid_engine.wait_until(
        lambda: all(map(is_gone, pids)), "the end of what Grid Engine does not know"
    )


def is_gone(path: Path) -> bool:
    return not Path(f"/proc/{path.read_text().strip()}").exists()


def is_written(path: Path) -> bool:
    return path.exists() and path.read_text() != ""
