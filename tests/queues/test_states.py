"""What schedulers say, where no real one is there to say it."""

from pathlib import Path

import pytest

from parp_espnet.queues import pbs, sge, slurm
from parp_espnet.queues.scheduler import Cause, State, UnreachableError, output_of

STEM = Path("/no/such/a")


def saying(
    monkeypatch: pytest.MonkeyPatch, module: object, answers: dict[str, tuple[int, str]]
) -> None:
    """Let a scheduler's commands say this."""
    monkeypatch.setattr(module, "ask", lambda *words, environment=None: answers[words[0]])


def record(task: str, state: str, reason: str, code: str) -> str:
    return (
        f"JobId=9 ArrayJobId=7 ArrayTaskId={task} JobName=my job.sh UserId=root(0) "
        f"JobState={state} Reason={reason} "
        f"Dependency=(null) ExitCode={code} TimeLimit=00:01:00 MinMemoryCPU=100M"
    )


def test_slurms_records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stem = tmp_path / "a"
    output_of(stem, 4).write_text(
        "slurmstepd: error: Detected 1 oom_kill event in StepId=9.batch.\n"
    )
    lines = [
        record("1", "COMPLETED", "None", "0:0"),
        record("2", "TIMEOUT", "TimeLimit", "0:15"),
        record("3,6-10:2%2", "PENDING", "JobArrayTaskLimit", "0:0"),
        record("4", "FAILED", "JobLaunchFailure", "0:9"),
        record("5", "FAILED", "NonZeroExitCode", "3:0"),
    ]
    saying(monkeypatch, slurm, {"scontrol": (0, "\n".join(lines))})
    found = slurm.Slurm().states("7", range(1, 11), stem)
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 8, 10]
    assert [number for number, state in found.items() if state.alive] == [3, 6, 8, 10]
    assert (found[2].cause, found[4].cause, found[5].cause) == (Cause.TIME, Cause.MEMORY, None)
    assert (found[1].code, found[4].code, found[5].code) == (0, 137, 3)
    assert dict(found[2].limits) == {"mem": "100M", "time": "00:01:00"}


def test_what_slurm_has_forgotten_its_accounts_may_know(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = (
        "7_1|COMPLETED|0:0|01:00:00\n7_[3-4%2]|PENDING|0:0|01:00:00\n7_2|CANCELLED by "
        "0|0:0|01:00:00"
    )
    forgotten = (1, "slurm_load_jobs error: Invalid job id specified")
    saying(monkeypatch, slurm, {"scontrol": forgotten, "sacct": (0, accounts)})
    found = slurm.Slurm().states("7", (1, 2, 3, 4), STEM)
    assert [found[number].name for number in (1, 2, 3, 4)] == [
        "COMPLETED",
        "CANCELLED",
        "PENDING",
        "PENDING",
    ]
    assert found[2].killed
    saying(
        monkeypatch,
        slurm,
        {"scontrol": forgotten, "sacct": (1, "Slurm accounting storage is disabled")},
    )
    assert slurm.Slurm().states("7", (1, 2), STEM) == {}


def test_a_controller_that_does_not_answer_is_not_a_job_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saying(
        monkeypatch,
        slurm,
        {"scontrol": (1, "Unable to contact slurm controller (connect failure)")},
    )
    with pytest.raises(UnreachableError, match="Unable to contact"):
        slurm.Slurm().states("7", (1,), STEM)
    saying(monkeypatch, sge, {"qstat": (1, "error: unable to contact qmaster using port 6444")})
    with pytest.raises(UnreachableError, match="unable to contact"):
        sge.GridEngine().states("7", (1,), STEM)
    saying(monkeypatch, pbs, {"qstat": (1, "Connection refused")})
    with pytest.raises(UnreachableError, match="refused"):
        pbs.Pbs().states("7", (1,), STEM)


def test_numbers_are_written_as_slurm_reads_them() -> None:
    words = slurm.Slurm().own_options((2, 3, 4, 7, 9, 10), 3, STEM)
    assert words[:2] == ["--array", "2-4,7,9-10%3"]


def test_pbs(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, pbs, {"qstat": (0, "Job Id: 7[].s\n    job_state = B\n")})
    assert pbs.Pbs().states("7[].s", (1, 2), STEM) == dict.fromkeys((1, 2), State("B", alive=True))
    saying(monkeypatch, pbs, {"qstat": (0, "Job Id: 7.s\n    job_state = C\n")})
    assert not pbs.Pbs().states("7.s", (1,), STEM)[1].alive
    saying(monkeypatch, pbs, {"qstat": (153, "qstat: Unknown Job Id 7.s")})
    assert pbs.Pbs().states("7.s", (1,), STEM) == {}
