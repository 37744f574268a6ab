"""What runs for us neither begins without its guard nor outlives us.

Each run is a process of its own, which is killed.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.queues import signals
from parp_espnet.queues.running import running
from parp_espnet.queues.signals import Process, guard

KILLED_WITHOUT_A_GUARD = """
import os, signal, sys
from pathlib import Path
import parp_espnet.bin.tokens as tokens
from parp_espnet.queues import forks, signals
from parp_espnet.queues.running import running
def die(process, grace):
    Path("pid").write_text(str(process.pid))
    os.kill(os.getpid(), signal.SIGKILL)
signals.guard = die
tokens.main = Path("ran").touch
if sys.argv[1] == "forked":
    forks.allow()
with running(sys.argv[2:]) as process:
    process.wait()
"""


@pytest.mark.parametrize(
    "words",
    [
        ("a process", "touch", "ran"),
        ("forked", "python3", "-m", "parp_espnet.bin.tokens"),
    ],
)
def test_nothing_begins_before_its_guard_is_there(
    words: tuple[str, ...], tmp_path: Path, wait_until: Any, is_there: Any
) -> None:
    command = [sys.executable, "-c", KILLED_WITHOUT_A_GUARD, *words]
    done = subprocess.run(command, cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    started = (tmp_path / "pid").read_text()
    wait_until(lambda: not is_there(started), "the end of what had been started")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("words", [("two words", "$HOME", "*", ""), ("-x", "--", "a'b\n")])
def test_a_command_gets_its_words_its_environment_and_no_pipe_of_ours(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    tell = (
        "import json, os, sys; "
        "print(json.dumps([sys.argv[1:], os.environ['A'], os.listdir('/proc/self/fd')]))"
    )
    script = (
        "import sys; from parp_espnet.queues.running import running\n"
        "with running(sys.argv[1:], {'A': 'b c', 'PATH': '/usr/bin:/bin'}) as process:\n"
        "    sys.exit(process.wait())"
    )
    command = [sys.executable, "-c", script, sys.executable, "-c", tell, *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    given, variable, files = json.loads(done.stdout)
    assert given == list(words)
    assert variable == "b c"
    # The last is that of the directory that lists them.
    assert sorted(files) == ["0", "1", "2", "3"]


def _file(place: Path, text: str, mode: int) -> str:
    place.write_text(text)
    place.chmod(mode)
    return str(place)


def test_a_command_that_is_not_there_or_may_not_be_run(tmp_path: Path) -> None:
    no_program = _file(tmp_path / "no_program", "#!/bin/sh\n", 0o644)
    for program, why in (
        ("no_such_program", "No such file or directory"),
        (f"{tmp_path}/absent", "No such file or directory"),
        (no_program, "Permission denied"),
        (str(tmp_path), "Permission denied"),
    ):
        with pytest.raises(UserError) as error, running([program]):
            raise AssertionError("it runs")
        assert str(error.value) == f"cannot run {program}: {why}"


def test_what_bash_reads_of_an_environment_is_not_for_us(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in (
        ("BASH_ENV", _file(tmp_path / "begin", "echo begun >&2; exit 8\n", 0o644)),
        ("BASH_FUNC_read%%", "() { exit 8; }"),
        ("BASH_FUNC_exec%%", "() { exit 8; }"),
        ("SHELLOPTS", "xtrace"),
        ("SHELLOPTS", "noexec"),
    ):
        environment = {"PATH": os.environ["PATH"], name: value}
        tell = f"import os, sys; sys.exit(3 + (os.environ[{name!r}] != sys.argv[1]))"
        with running([sys.executable, "-c", tell, value], environment) as process:
            code = process.wait()
        # Of options it has those that it has set itself.
        assert code == (4 if name == "SHELLOPTS" else 3), name
    assert capfd.readouterr().err == ""


def test_what_ends_before_its_guard_is_there_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed_before(process: Process, grace: int) -> "subprocess.Popen[bytes]":
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return guard(process, grace)

    monkeypatch.setattr(signals, "guard", killed_before)
    with running(["true"]) as process:
        assert process.wait() == -signal.SIGKILL


def test_bash_need_not_be_where_the_command_is(tmp_path: Path) -> None:
    _file(tmp_path / "ours", "#!/bin/sh\nexit 3\n", 0o755)
    with running(["ours"], {"PATH": str(tmp_path)}) as process:
        assert process.wait() == 3


def test_a_program_is_looked_for_where_its_environment_says(tmp_path: Path) -> None:
    _file(tmp_path / "ours", "#!/bin/sh\nexit 3\n", 0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with running(["ours"], environment) as process:
        assert process.wait() == 3
    with pytest.raises(UserError, match="cannot run ours"), running(["ours"]):
        raise AssertionError("it runs")
