"""Files whose tests run in a process of their own, each file's in one.

OpenVINO 2026.4.1 with nncf damages the heap of a process that has trained and decoded before, whose
tests then end by a signal some time later; in one of its own it never did.
"""

import os
import subprocess
import sys

import pytest

FILES = (
    "tests/bench/test_runtimes.py",
    "tests/export/test_exported.py",
    "tests/export/test_openvino.py",
)
VARIABLE = "PARP_TESTS_APART"
_outcomes: dict[str, str] = {}
_said: dict[str, str] = {}


def is_apart(item: pytest.Item) -> bool:
    """Whether a test is to run in another process than this one."""
    return VARIABLE not in os.environ and _file(item) in FILES


def run(item: pytest.Item) -> None:
    """Report a test as the process of its file has found it."""
    file = _file(item)
    if file not in _said:
        _run_file(file, item.config.rootpath)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    outcome = _outcomes.get(item.nodeid, "FAILED")
    words = {"PASSED": "passed", "SKIPPED": "skipped"}
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords={},
        outcome=words.get(outcome, "failed"),  # type: ignore[arg-type]
        longrepr=None if outcome in words else _said[file],
        when="call",
    )
    item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _run_file(file: str, root: os.PathLike[str]) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", file],
        env=environment | {VARIABLE: "1"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    _said[file] = f"{done.stdout}{done.stderr}\nexit code {done.returncode}"
    for line in done.stdout.splitlines():
        outcome, _, nodeid = line.partition(" ")
        if outcome in ("PASSED", "FAILED", "ERROR"):
            _outcomes[nodeid.partition(" - ")[0]] = outcome


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
