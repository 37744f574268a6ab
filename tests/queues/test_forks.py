"""Commands that are forked: what is seen of them is what is seen of processes.

Each test is a process of its own, since one that forks may have no threads.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parp_espnet.queues import forks

BEGIN = """
import os, signal, sys
from pathlib import Path
from parp_espnet.queues import forks
from parp_espnet.pipeline.follow import follow
forks.allow()
def ours(name, *words):
    return ("python3", "-m", f"parp_espnet.bin.{name}", *words)
"""


def run(script: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BEGIN + script]
    environment = os.environ | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_words_codes_and_names_are_those_of_a_process(tmp_path: Path) -> None:
    script = """
print(follow(ours("tokens", "--help"), "x", (), None), flush=True)
print(follow(ours("tokens", "--data", "nowhere", "--out", "x"), "x", (), None), flush=True)
"""
    done = run(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: tokens.py [-h]")
    assert done.stdout.splitlines()[-2:][0] == "0" or "\n0\n" in done.stdout
    assert done.stdout.endswith("2\n")
    assert done.stderr.startswith("error: nowhere")
    assert "Traceback" not in done.stderr


def test_it_is_a_fork(tmp_path: Path) -> None:
    done = run(
        """
command = forks.fork(ours("tokens", "--help"), open("log", "w"))
print(os.getpgid(command.pid) == command.pid, command.wait(), command.poll())
print("parp_espnet.bin.tokens" in sys.modules)
""",
        tmp_path,
    )
    assert done.stdout == "True 0 0\nTrue\n", done.stderr
    assert (tmp_path / "log").read_text().startswith("usage: tokens.py")


def test_an_error_of_ours_is_a_traceback_in_the_log(tmp_path: Path) -> None:
    done = run(
        """
import parp_espnet.bin.tokens as tokens
def main():
    raise KeyError("lost")
tokens.main = main
print(forks.fork(ours("tokens"), open("log", "w")).wait())
""",
        tmp_path,
    )
    assert done.stdout == "1\n", done.stderr
    assert "KeyError: 'lost'" in (tmp_path / "log").read_text()
    assert done.stderr == ""


@pytest.mark.parametrize(("opened", "log"), [(True, "ran"), (False, "")])
def test_it_begins_when_its_gate_is_opened(tmp_path: Path, opened: bool, log: str) -> None:
    done = run(
        f"""
import parp_espnet.bin.tokens as tokens
tokens.main = lambda: print("ran", end="")
wait, begin = os.pipe()
command = forks.fork(ours("tokens"), open("log", "w"), wait)
os.close(wait)
if {opened}:
    os.write(begin, b"x")
os.close(begin)
os.kill(command.pid, signal.SIGTERM) if not {opened} else None
command.wait()
""",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text() == log


def test_a_signal_ends_it(tmp_path: Path) -> None:
    done = run(
        """
import parp_espnet.bin.tokens as tokens
def main():
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
tokens.main = main
print(forks.fork(ours("tokens")).wait())
""",
        tmp_path,
    )
    assert done.stdout == "-15\n", done.stderr


def test_a_job_of_the_local_runner_has_its_log(tmp_path: Path) -> None:
    done = run(
        """
words = ours("run_local", "job.log", *ours("tokens", "--data", "nowhere", "--out", "x"))
print(follow(words, "x", (), Path("job.log")))
""",
        tmp_path,
    )
    assert done.stdout == "1\n", done.stderr
    assert "nowhere" in done.stderr
    lines = (tmp_path / "job.log").read_text().splitlines()
    assert lines[0] == "# python3 -m parp_espnet.bin.tokens --data nowhere --out x"
    assert any(line.startswith("error: nowhere") for line in lines)
    assert lines[-1].startswith("# Ended (code 2) at ")


@pytest.mark.parametrize("name", sorted(forks.OF_JOBS))
def test_within_a_queue_nothing_is_forked(name: str, tmp_path: Path) -> None:
    done = run('print(forks.module_of(ours("tokens")))', tmp_path, **{name: "7"})
    assert done.stdout == "None\n"


@pytest.mark.parametrize(
    "words",
    [
        ("python3", "-m", "espnet2.bin.asr_inference"),
        ("python3", "-m", "parp_espnet.bindings.x"),
        ("python3", "-P", "-m", "parp_espnet.bin.tokens"),
        ("local/data.sh",),
        ("bash", "-c", "true"),
    ],
)
def test_others_are_processes(words: tuple[str, ...], tmp_path: Path) -> None:
    assert run(f"print(forks.module_of({words!r}))", tmp_path).stdout == "None\n"
