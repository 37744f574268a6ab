import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.queues.signals import end, undisturbed, unless_terminated


def test_sigterm_becomes_an_exit_code() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def terminated() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        return 0

    assert unless_terminated(terminated) == 143
    assert unless_terminated(lambda: 7) == 7
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_waits_for_the_end_of_what_is_undisturbed() -> None:
    done = []

    def start() -> int:
        with undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append(True)
        return 0

    assert unless_terminated(start) == 143
    assert done


@pytest.mark.parametrize(
    ("ignored", "told", "ended"),
    [
        (signal.SIGINT, [signal.SIGINT, signal.SIGTERM], 143),
        (signal.SIGINT, [signal.SIGTERM, signal.SIGINT], 143),
        (signal.SIGINT, [signal.SIGINT], 0),
        (signal.SIGTERM, [signal.SIGTERM, signal.SIGINT], 130),
        (None, [signal.SIGTERM, signal.SIGINT], 143),
        (None, [signal.SIGINT, signal.SIGTERM], 130),
    ],
)
def test_what_is_ignored_takes_the_place_of_no_other_signal(
    ignored: signal.Signals | None, told: list[signal.Signals], ended: int
) -> None:
    """As from a terminal: Ctrl-C comes first, to all, and then the shell's word."""

    def start() -> int:
        if ignored is not None:
            signal.signal(ignored, signal.SIG_IGN)
        with undisturbed():
            for number in told:
                os.kill(os.getpid(), number)
        return 0

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert unless_terminated(start) == ended
    except KeyboardInterrupt:
        assert ended == 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_group_is_waited_for_though_its_leader_is_dead(tmp_path: Path, wait_until: Any) -> None:
    """The inner shell needs a moment to end what it started itself."""
    inner = (
        f"trap 'sleep 0.5; : >{tmp_path}/cleaned; exit' TERM; : >{tmp_path}/ready; "
        f"while :; do sleep 0.05; done"
    )
    process = subprocess.Popen(["bash", "-c", 'bash -c "$0" & wait', inner], start_new_session=True)
    wait_until((tmp_path / "ready").exists, "the trap", process)
    end([process], grace=1200)
    assert (tmp_path / "cleaned").exists()


def test_what_does_not_end_is_killed(tmp_path: Path, wait_until: Any) -> None:
    stubborn = f"trap '' TERM; : >{tmp_path}/ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(["bash", "-c", stubborn], start_new_session=True)
    wait_until((tmp_path / "ready").exists, "the trap", process)
    end([process], grace=0.3)
    assert process.returncode == -signal.SIGKILL


KILLED_WITHOUT_A_GUARD = """
import os, signal, sys
from pathlib import Path
from parp_espnet.queues import signals
def die(process, grace):
    Path("pid").write_text(str(process.pid))
    os.kill(os.getpid(), signal.SIGKILL)
signals.guard = die
signals.start_guarded(lambda wait: signals.shell("touch ran", sys.stdout, wait))
"""


def test_nothing_begins_before_its_guard_is_there(
    tmp_path: Path, wait_until: Any, is_there: Any
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_WITHOUT_A_GUARD], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    job = (tmp_path / "pid").read_text().strip()
    wait_until(lambda: not is_there(job), "the end of what had been started")
    assert not (tmp_path / "ran").exists()
