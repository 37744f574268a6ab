import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parp_espnet import progress
from parp_espnet.errors import UserError
from parp_espnet.pipeline.follow import _show, follow

WRITE = """
import json, pathlib, time
for update in range(1, 4):
    state = {"update": update, "updates": 3, "loss": 0.5, "seconds": 1.0, "phase": "train"}
    pathlib.Path("progress.json").write_text(json.dumps(state))
    time.sleep(0.3)
"""


def test_a_bar_follows_the_progress_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", WRITE]
    assert (
        follow(command, "train", [Path("progress.json"), Path("missing.json")], Path("x.log")) == 0
    )
    shown = capsys.readouterr().err
    assert "train: log in x.log" in shown
    assert "3/3" in shown


def test_an_earlier_run_counts_only_when_it_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, phase in (("a", "done"), ("b", "train")):
        file = tmp_path / f"{name}.json"
        file.write_text(
            f'{{"update": 5, "updates": 10, "loss": null, "seconds": 1, "phase": "{phase}"}}'
        )
        os.utime(file, (1, 1))
    assert (
        follow(["true"], "train", [tmp_path / "a.json", tmp_path / "b.json"], None, total=20) == 0
    )
    assert "5/20" in capsys.readouterr().err


def test_models_that_are_decoded_again_are_counted_as_they_are_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / name / "progress.json" for name in "abc"]
    for file in files:
        file.parent.mkdir()
        file.write_text('{"update": 5, "updates": 5, "loss": null, "seconds": 1, "phase": "done"}')
        result = file.parent / "result.json"
        result.touch()
        os.utime(result, (1, 1))
    scored = ["touch", str(files[0].parent / "result.json"), str(files[2].parent / "result.json")]
    assert follow(scored, "wave", files, None, total=15) == 0
    assert "3 trained, 2 scored now" in capsys.readouterr().err


def test_what_was_there_before_is_no_part_of_the_pace() -> None:
    before, now = Path("before.json"), Path("progress.json")
    done = {"update": 9000, "updates": 9000, "phase": "done"}
    seen: set[Path] = set()
    with progress.bar(None, "train", "update") as bar:
        _show(
            bar, {before: done, now: {"update": 1, "updates": 3, "phase": "train"}}, 0, seen, None
        )
        assert (bar.n, bar.initial) == (9001, 9001)
        _show(bar, {before: done, now: {"update": 3, "updates": 3, "phase": "done"}}, 0, seen, None)
        assert (bar.n, bar.initial, bar.total) == (9003, 9001, 9003)


def test_without_files_the_bars_of_the_log_are_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = f"echo 'decode:  50%|### | 1/2 [00:01<00:01, 1.0s/s]' > {tmp_path}/x.log"
    assert follow(["bash", "-c", script], "decode", [], tmp_path / "x.log") == 0
    assert "1/2 [00:01<00:01" in capsys.readouterr().err


def test_the_exit_code_is_the_commands() -> None:
    assert follow(["bash", "-c", "exit 7"], "x", [], None) == 7


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(UserError, match="cannot run /nowhere/x"):
        follow(["/nowhere/x"], "x", [], None)


FOLLOW = """
import sys
from parp_espnet.errors import command
from parp_espnet.pipeline.follow import follow
command(lambda: sys.exit(follow(["bash", "-c", sys.argv[1]], "x", [], None)))()
"""


def test_ctrl_c_ends_the_command_and_is_told_once(
    tmp_path: Path, wait_until: Any, end_of: Any
) -> None:
    caught, ready = tmp_path / "caught", tmp_path / "ready"
    # What a program made may be there before it has ended, and bash tells of one that was killed.
    inner = f"trap ': >{caught}; exit 1' TERM; : >{ready}; while :; do :; done"
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOW, inner],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(ready.exists, "the trap", process)
    process.send_signal(signal.SIGINT)
    _, shown = end_of(process)
    assert process.returncode == 130
    assert caught.exists()
    assert shown.splitlines() == [
        "interrupted: what was complete stays; the same command continues"
    ]


@pytest.mark.parametrize("runner", [False, True])
def test_nothing_outlives_a_run_that_is_killed(
    runner: bool, tmp_path: Path, takes_along: Any
) -> None:
    """It would go on writing what the next one writes; it is told to end, and a training may save
    what it has.
    """
    told, ready = tmp_path / "told", tmp_path / "ready"
    inner = f"trap ': >{told}; exit 1' TERM; sleep 1200 & echo $! >{ready}; wait"
    follow = FOLLOW
    if runner:
        words = ["-m", "parp_espnet.bin.run_local", str(tmp_path / "x.log"), "bash", "-c"]
        follow = FOLLOW.replace('["bash", "-c", ', f"[sys.executable, *{words!r}, ")
    process = subprocess.Popen([sys.executable, "-c", follow, inner])
    takes_along(process, ready, told)


CHILDREN = """
import os, subprocess
from pathlib import Path
known = subprocess.Popen(["bash", "-c", "read -r # known"], stdin=subprocess.PIPE)
for process in Path("/proc").glob("[0-9]*"):
    try:
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        words = (process / "cmdline").read_text()
    except OSError:  # it ended after it was listed
        continue
    if int(parent) == os.getpid():
        print(words)
known.communicate()
"""


def test_no_guard_is_left() -> None:
    script = FOLLOW.replace("sys.exit(", "(") + CHILDREN
    done = subprocess.run(
        [sys.executable, "-c", script, "true"], capture_output=True, text=True, check=True
    )
    assert "# known" in done.stdout
    assert "kill -KILL" not in done.stdout
