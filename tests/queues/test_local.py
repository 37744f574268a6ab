import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.queues import contract
from parp_espnet.queues.local import parse, run

RUNNER = [sys.executable, "-m", "parp_espnet.bin.run_local"]


def test_queue_options_are_taken_in_both_spellings() -> None:
    options = "--mem 4G --time 1-0 --num-threads 2 --gpu 1 --max-jobs-run 3 --config q.conf"
    jobs = parse([*options.split(), "JOB=2:5", "x.JOB.log", "echo", "JOB"])
    assert (jobs.max_jobs_run, jobs.numbers, jobs.log_of(4)) == (3, (2, 3, 4, 5), Path("x.4.log"))
    assert jobs.command_of(4) == "echo 4"


def test_the_range_may_stand_among_the_options_and_a_queues_own_options_are_left_alone() -> None:
    jobs = parse(
        ["-q", "long.q", "-V", "JOB=1:2", "-pe", "smp", "5", "--mem", "4G", "x.JOB.log", "ls", "-l"]
    )
    assert (jobs.numbers, jobs.log_of(2), jobs.command_of(2)) == ((1, 2), Path("x.2.log"), "ls -l")


def test_words_are_literal_but_for_the_operators() -> None:
    jobs = parse(["x.log", "echo", "a b", "$HOME", "*", "|", "cat", "2>&1"])
    assert jobs.command_of(1) == "echo 'a b' '$HOME' '*' | cat 2>&1"


def test_the_log_has_head_and_foot_and_what_the_job_said(tmp_path: Path) -> None:
    assert (
        run(parse(["JOB=1:3", f"{tmp_path}/log/x.JOB.log", "echo", "job", "JOB", "of a log"])) == 0
    )
    lines = (tmp_path / "log/x.2.log").read_text().splitlines()
    assert lines[0] == "# echo job 2 'of a log'"
    assert lines[1].startswith("# Running on ")
    assert lines[2].startswith("# Started at ")
    assert lines[4] == "job 2 of a log"
    assert re.fullmatch(r"# Accounting: time=\d+ threads=1", lines[-2])
    assert lines[-1].startswith("# Ended (code 0) at ")


def test_what_a_job_still_says_is_not_in_the_log_of_the_next(tmp_path: Path) -> None:
    """A queue takes it for lost, puts its log aside, and begins another, while it is alive."""
    script = f"cd {tmp_path} && mv x.log aside.log && echo '# the next' >x.log && echo late"
    assert run(parse([f"{tmp_path}/x.log", "bash", "-c", script])) == 0
    assert (tmp_path / "x.log").read_text() == "# the next\n"
    lines = (tmp_path / "aside.log").read_text().splitlines()
    assert lines[0].startswith("# bash -c ")
    assert lines[4] == "late"
    assert lines[-1].startswith("# Ended (code 0) at ")


def test_one_failed_job_fails_the_array_and_shows_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bash", "-c", "echo it is JOB; [ JOB -ne 2 ]"]
    assert run(parse(["JOB=1:3", f"{tmp_path}/x.JOB.log", *command])) == 1
    shown = capsys.readouterr().err
    assert "it is 2" in shown
    assert (
        f"1 of 3 jobs failed; the first ended with code 1; its log is {tmp_path}/x.2.log" in shown
    )
    assert (tmp_path / "x.2.log").read_text().splitlines()[-1].startswith("# Ended (code 1)")
    assert (tmp_path / "x.3.log").exists()


def test_of_a_job_that_says_its_error_only_that_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "echo much else; echo 'error: --upstream x: no such directory' >&2; exit 2"
    assert run(parse([f"{tmp_path}/x.log", "bash", "-c", script])) == 1
    log = f"{tmp_path}/x.log"
    assert capsys.readouterr().err.splitlines() == [
        "error: --upstream x: no such directory",
        f"run_local: the job failed; ended with code 2; its log is {log}",
    ]


def test_a_job_that_was_killed_is_told_of_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parse([f"{tmp_path}/x.log", "bash", "-c", "kill -KILL $$"])) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert (
        "ended with code -9, killed: if nobody did it, there was too little memory: give the job "
        "more" in said
    )
    assert said.endswith(f"; its log is {tmp_path}/x.log")


def test_a_pipe_fails_where_any_part_of_it_fails(tmp_path: Path) -> None:
    assert run(parse([f"{tmp_path}/x.log", "false", "|", "cat"])) == 1


def test_no_more_jobs_than_asked_for_run_at_a_time(tmp_path: Path) -> None:
    script = f"mkdir {tmp_path}/only && sleep 0.1 && rmdir {tmp_path}/only"
    assert (
        run(parse(["--max_jobs_run", "1", "J=1:3", f"{tmp_path}/x.J.log", "bash", "-c", script]))
        == 0
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected"),
        (["x.log"], "expected"),
        (["JOB=1:3", "x.log", "echo"], "the log of several jobs has to contain JOB"),
        (["JOB=0:3", "x.JOB.log", "echo"], "expected a range"),
        (["JOB=3:1", "x.JOB.log", "echo"], "expected a range"),
        (["--max_jobs_run", "0", "x.log", "echo"], "1 or more"),
        (["--max_jobs_run", "many", "x.log", "echo"], "expected a whole number"),
        (["--mem"], "expected a value"),
        (["--memory", "4G", "x.log", "echo"], "no such option"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(words)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_jobs(
    tmp_path: Path, wait_until: Any, end_of: Any, is_there: Any, number: int, code: int
) -> None:
    job = ["bash", "-c", f"sleep 1200 & echo $$ >{tmp_path}/pid.JOB; wait"]
    process = subprocess.Popen(
        [*RUNNER, "--max_jobs_run", "2", "JOB=1:2", f"{tmp_path}/x.JOB.log", *job]
    )
    pids = [tmp_path / "pid.1", tmp_path / "pid.2"]
    wait_until(
        lambda: all(path.exists() and path.read_text() for path in pids),
        "both jobs to start",
        process,
    )
    process.send_signal(number)
    end_of(process)
    assert process.returncode == code
    assert not [path for path in pids if is_there(path.read_text().strip())]


def test_nothing_outlives_a_runner_that_is_killed(
    tmp_path: Path, wait_until: Any, is_there: Any
) -> None:
    job = ["bash", "-c", f"sleep 1200 & echo $! >{tmp_path}/pid; wait"]
    process = subprocess.Popen([*RUNNER, f"{tmp_path}/x.log", *job])
    pid = tmp_path / "pid"
    wait_until(lambda: pid.exists() and pid.read_text() != "", "the job to start", process)
    process.kill()
    process.wait()
    left = pid.read_text().strip()
    wait_until(lambda: not is_there(left), "the end of what the job had started")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (["a", "error: x: what"], ["error: x: what"]),
        (["Traceback", "OSError: [Errno 28] No space left on device: 'x'"],) * 2,
        (["interrupted by SIGTERM: exp has it"],) * 2,
        (["Traceback", "KeyError: 28"], ["    Traceback", "    KeyError: 28"]),
    ],
)
def test_why_a_job_ended_is_one_line_where_there_is_one(said: list[str], shown: list[str]) -> None:
    assert contract.reasons([*said, "# Ended (code 1) at "]) in (
        shown[-1:],
        [*shown, "    # Ended (code 1) at "],
    )


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("folder", "found a directory"),
        ("file/x.log", "File exists"),
        ("file/below/x.log", "Not a directory"),
        ("/proc/nowhere/x.log", "No such file or directory"),
        ("to nowhere", "found a link that leads nowhere"),
        ("to itself", "found a link that leads nowhere"),
        ("to nowhere/x.log", "File exists"),
    ],
)
def test_a_log_that_cannot_be_one_is_one_line(tmp_path: Path, log: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "to nowhere").symlink_to("nowhere/x.log")
    (tmp_path / "to itself").symlink_to("to itself")
    done = subprocess.run(
        [*RUNNER, log, "touch", "ran"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"run_local: {log}: expected a log that can be written" in line
    assert said in line
    assert not (tmp_path / "ran").exists()


def test_a_log_may_be_a_link_or_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("x.log")
    for log in (tmp_path / "link", "/dev/null"):
        assert run(parse([str(log), "true"])) == 0
    assert "# Ended (code 0)" in (tmp_path / "x.log").read_text()


def test_no_job_runs_where_the_log_of_one_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "x.2.log").mkdir()
    jobs = parse(["JOB=1:2", f"{tmp_path}/x.JOB.log", "touch", f"{tmp_path}/ran.JOB"])
    with pytest.raises(UserError, match=r"x\.2\.log: expected a log that can be written"):
        run(jobs)
    assert not (tmp_path / "ran.1").exists()
