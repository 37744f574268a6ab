"""A child process: what it prints, its errors in a line, and its end with ours."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.export.apart import run_apart
from parp_espnet.interpreter import ROOT

CHILD = """
import os, signal, sys
from pathlib import Path
from parp_espnet.errors import UserError, command
from parp_espnet.export.apart import end_with_parent, progress_stream
from parp_espnet.export.quiet import quiet


@command
def main():
    end_with_parent()
    what, *words = sys.argv[1:]
    if what == "progress":
        with progress_stream() as progress, quiet():
            print("unseen")
            print(1, *words, file=progress)
            print(2, *words, file=progress)
    elif what == "refuse":
        print("a library's warning", file=sys.stderr)
        raise UserError("expected this, found that")
    elif what == "defect":
        raise ValueError("why")
    elif what == "silent":
        sys.exit(3)
    elif what == "wait":
        Path(words[0]).write_text(str(os.getpid()))
        print("ready", flush=True)
        signal.pause()
    else:
        os.kill(os.getpid(), getattr(signal, what))


main()
"""


@pytest.fixture(scope="module", autouse=True)
def child(tmp_path_factory: pytest.TempPathFactory):
    """A module of that name, which children find."""
    folder = tmp_path_factory.mktemp("child")
    (folder / "parp_child.py").write_text(CHILD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        yield


def test_what_it_prints_comes_line_by_line() -> None:
    lines: list[str] = []
    run_apart("parp_child", ["progress", Path("a b")], "reading", lines.append)
    assert lines == ["1 a b", "2 a b"]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("refuse", "reading: expected this, found that"),
        ("defect", "reading: ValueError: why"),
        ("silent", "reading: its process ended with exit code 3 and said nothing"),
        ("SIGSEGV", "reading: its process was ended by SIGSEGV; nothing is written: give the"),
        ("SIGKILL", "by SIGKILL (which is what a machine does that has too little memory)"),
    ],
)
def test_its_error_is_one_line(what: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        run_apart("parp_child", [what], "reading")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def is_there(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interruption_ends_it(tmp_path: Path) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_apart("parp_child", ["wait", tmp_path / "pid"], "reading", interrupt)
    assert not is_there(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_its_parent(
    tmp_path: Path, wait_until: Callable[..., None], number: signal.Signals
) -> None:
    """Whatever has ended that."""
    program = (
        "import sys\n"
        "from parp_espnet.export.apart import run_apart\n"
        "run_apart('parp_child', ['wait', sys.argv[1]], 'reading', lambda line: print(line,"
        " flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "pid"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {"PYTHONPATH": f"{os.environ['PYTHONPATH']}:{ROOT}"},
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.send_signal(number)
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_there(pid), "the child's end")
