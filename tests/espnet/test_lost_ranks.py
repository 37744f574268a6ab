"""What each of two processes says when one of them fails: its own error, and one line of the
other's.
"""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

BEGIN = """
import os, signal, sys
import torch
from torch import distributed
from parp_espnet.errors import UserError, command
from parp_espnet.espnet import ranks
distributed.init_process_group("gloo")
rank = ranks.number()
def act():
    raise FAULT
def killed():
    ranks.wait_for_all()
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
def tell_all():
    model = torch.nn.Linear(2, 2)
    for wait in (
        ranks.wait_for_all,
        lambda: ranks.any_of(False, torch.device("cpu")),
        lambda: ranks.add(torch.zeros(2)),
        lambda: ranks.on_first_rank(lambda: True),
        lambda: torch.nn.parallel.DistributedDataParallel(model),
    ):
        try:
            with ranks.lost_together():
                wait()
        except UserError as error:
            print(error, file=sys.stderr)
def main():
    try:
        with ranks.lost_together():
            run()
    finally:
        ranks.leave()
def run():
"""
LOST = (
    "rank 0: another process ended, or cannot be reached; what it said is above or in a log of its "
    "own, and the same command continues"
)
END = "\ncommand(main)()\n"


Run = Callable[..., list[tuple[int, str]]]


@pytest.fixture
def run(ports: Callable[[int], list[int]]) -> Run:
    """A function (body, fault) that runs the body in two processes; it returns their codes and what
    they said.
    """
    return lambda body, fault="None": _run(ports(1)[0], body, fault)


def _run(port: int, body: str, fault: str) -> list[tuple[int, str]]:
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    script = BEGIN.replace("FAULT", fault) + f"    {body}" + END
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=os.environ | where | {"RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        told = [process.communicate(timeout=1200)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, said) for process, said in zip(processes, told, strict=True)]


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("UserError('exp is in use')", 2, "error: exp is in use"),
        pytest.param("KeyError('lost')", 1, "KeyError: 'lost'", marks=pytest.mark.thorough),
    ],
)
def test_what_fails_on_the_first_rank_ends_the_others_by_one_line(
    run: Run, fault: str, code: int, said: str
) -> None:
    first, second = run("ranks.on_first_rank(act)", fault)
    assert first[0] == code
    assert first[1].rstrip().endswith(said)
    assert second == (
        2,
        "error: rank 1: rank 0 could not begin; what it said is above or in a log of its own\n",
    )


def test_what_the_first_rank_finds_is_known_to_all(run: Run) -> None:
    body = "print(ranks.on_first_rank(lambda: rank == 0), file=sys.stderr)"
    assert run(body) == [(0, "True\n"), (0, "True\n")]


def test_a_rank_that_is_killed_ends_the_others_by_one_line(run: Run) -> None:
    first, second = run("killed(); ranks.gather(1)")
    assert second[0] == -9
    assert first == (2, f"error: {LOST}\n")


def test_the_first_rank_keeps_its_error_where_the_others_are_gone(run: Run) -> None:
    first, _ = run("killed(); ranks.on_first_rank(act)", "UserError('exp is in use')")
    assert first == (2, "error: exp is in use\n")


def test_every_collective_that_waits_for_the_killed_one_says_so(run: Run) -> None:
    first, _ = run("killed(); tell_all()")
    assert first == (0, f"{LOST}\n" * 5)


def test_another_error_stays_what_it_is(run: Run) -> None:
    for code, said in run("raise RuntimeError('of ours')"):
        assert code == 1
        assert said.rstrip().endswith("RuntimeError: of ours")
