"""Slurm, by `sbatch`, `scontrol` and `scancel`; `sacct`, where there is one, for jobs that Slurm
has forgotten.
"""

import os
import re
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from parp_espnet.queues.scheduler import Cause, State, UnreachableError, ask, output_of

ALIVE = frozenset(
    {
        *(
            "PENDING",
            "RUNNING",
            "COMPLETING",
            "CONFIGURING",
            "RESIZING",
            "SUSPENDED",
            "STOPPED",
            "SIGNALING",
        ),
        *("REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT", "STAGE_OUT"),
    }
)
CAUSES = {
    "OUT_OF_MEMORY": Cause.MEMORY,
    "TIMEOUT": Cause.TIME,
    "NODE_FAIL": Cause.NODE,
    "BOOT_FAIL": Cause.NODE,
    "PREEMPTED": Cause.NODE,
}
# Slurm lets such a job wait for ever.
HOPELESS = frozenset(
    {"PartitionTimeLimit", "InvalidAccount", "InvalidQOS", "DependencyNeverSatisfied"}
)
# It waits for others; they end by themselves.
TURN = frozenset(
    {
        *("None", "Priority", "Resources", "JobArrayTaskLimit", "Cleaning", "Prolog", "BeginTime"),
        *("QOSMaxJobsPerUserLimit", "QOSMaxCpuPerUserLimit", "AssocGrpCpuLimit"),
    }
)
FORGOTTEN = "Invalid job id specified"
# The script's code where Slurm told it, as --signal=B:USR1 asks for, that the end is near, and it
# did not wait.
WARNED = 128 + signal.SIGUSR1
# Without memory cgroups it is a step's daemon that watches memory, and the job's state only says
# that it failed.
OVER_MEMORY = re.compile(
    r"exceeded (?:job |step )?memory limit|oom[-_ ]kill|out of memory", re.IGNORECASE
)


class Slurm:
    """Slurm of any version that writes `KEY=VALUE` lines."""

    title = "Slurm"
    index = "SLURM_ARRAY_TASK_ID"
    limits_arrays = True  # as in slurm.pl, whose users' files may still hold Grid Engine's option
    explains = True

    def own_options(
        self, numbers: Sequence[int], max_jobs_run: int | None, stem: Path
    ) -> list[str]:
        array: list[str] = []
        output = output_of(stem, numbers[0])
        if len(numbers) > 1:
            at_a_time = f"%{max_jobs_run}" if max_jobs_run else ""
            array = ["--array", ",".join(map(str, _ranges(numbers))) + at_a_time]
            output = output_of(stem, "%a")
        return [*array, "--open-mode=append", "-o", str(output), "-e", str(output)]

    def job_id(self, said: str) -> str | None:
        match = re.search(
            r"^(?:Submitted batch job )?(\d+)(?:;\S+)?(?: on cluster .*)?$", said, re.MULTILINE
        )
        return match[1] if match else None

    def states(self, job: str, numbers: Sequence[int], stem: Path) -> dict[int, State]:
        # Slurm shortens long lists of numbers unless told not to.
        environment = {**os.environ, "SLURM_BITSTR_LEN": "0"}
        code, said = ask("scontrol", "--oneliner", "show", "job", job, environment=environment)
        if code != 0:
            if FORGOTTEN not in said:
                raise UnreachableError(said)
            return _from_accounts(job, numbers, stem)
        states: dict[int, State] = {}
        for line in said.splitlines():
            fields = dict(re.findall(r"(\S+?)=(.*?)(?= \S+=|\s*$)", line))
            for number in _numbers(fields.get("ArrayTaskId"), numbers):
                states[number] = _state(fields, output_of(stem, number))
        return states

    def cancel(self, job: str) -> None:
        ask("scancel", job)


def _state(fields: dict[str, str], output: Path) -> State:
    name, reason = fields["JobState"], fields.get("Reason", "None")
    status, number = map(int, fields.get("ExitCode", "0:0").split(":"))
    if name == "FAILED" and number == signal.SIGKILL and _over_memory(output):
        name = "OUT_OF_MEMORY"
    if name == "FAILED" and status == WARNED:
        name = "PREEMPTED" if "PreemptTime" in fields else "TIMEOUT"
        reason = "ended before Slurm did it"
    memory = fields.get("MinMemoryCPU") or fields.get("MinMemoryNode") or "0"
    return State(
        name,
        alive=name in ALIVE and reason not in HOPELESS,
        reason="" if reason == "None" else reason,
        code=128 + number if number else status,
        cause=CAUSES.get(name),
        killed=name in CAUSES or name in ("CANCELLED", "DEADLINE", "REVOKED") or reason in HOPELESS,
        limits=(("mem", memory), ("time", fields.get("TimeLimit", ""))),
        held=name == "PENDING" and reason not in TURN,
    )


def _from_accounts(job: str, numbers: Sequence[int], stem: Path) -> dict[int, State]:
    """Return what `sacct` remembers; nothing where the cluster keeps no accounts."""
    try:
        code, said = ask(
            "sacct", "-X", "-n", "-P", "-o", "JobID,State,ExitCode,Timelimit", "-j", job
        )
    except UnreachableError:
        return {}
    states: dict[int, State] = {}
    for line in said.splitlines() if code == 0 else ():
        match = re.match(r"\d+(?:_\[?([\d,:%-]+)\]?)?\|([A-Z_]+)[^|]*\|(\d+:\d+)\|([^|]*)$", line)
        if match:
            fields = {"JobState": match[2], "ExitCode": match[3], "TimeLimit": match[4]}
            for number in _numbers(match[1], numbers):
                states[number] = _state(fields, output_of(stem, number))
    return states


def _over_memory(output: Path) -> bool:
    try:
        return OVER_MEMORY.search(output.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False


def _numbers(text: str | None, numbers: Sequence[int]) -> Iterator[int]:
    """Return the numbers of an array in Slurm's spelling, such as `1,4-10:2%3`; a job that is none
    has one.
    """
    if text is None:
        yield numbers[0]
        return
    for part in text.partition("%")[0].split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+)(?::(\d+))?)?", part)
        if match:
            yield from range(int(match[1]), int(match[2] or match[1]) + 1, int(match[3] or 1))


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    first = numbers[0]
    for number, following in zip(numbers, [*numbers[1:], 0], strict=True):
        if following != number + 1:
            yield str(first) if first == number else f"{first}-{number}"
            first = following
