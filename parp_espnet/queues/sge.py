"""Grid Engine, by `qsub`, `qstat` and `qdel`; `qacct` says how a job ended that left no mark."""

import re
from collections.abc import Sequence
from pathlib import Path

from parp_espnet.queues.scheduler import State, UnreachableError, ask, output_of

UNKNOWN = "do not exist"
ERROR = re.compile(r"error reason\s+(\d+):\s+(?:\S+ \S+ \[\S+\]: )?(.*)")


class GridEngine:
    """Grid Engine knows an array until all of it has ended."""

    title = "Grid Engine"
    index = "SGE_TASK_ID"
    limits_arrays = False
    explains = False

    def own_options(
        self, numbers: Sequence[int], max_jobs_run: int | None, stem: Path
    ) -> list[str]:
        array: list[str] = []
        output = output_of(stem, numbers[0])
        if len(numbers) > 1:
            array = ["-t", f"{numbers[0]}-{numbers[-1]}"]
            if max_jobs_run:
                array += ["-tc", str(max_jobs_run)]
            output = output_of(stem, "$TASK_ID")
        return [*array, "-o", str(output)]

    def job_id(self, said: str) -> str | None:
        match = re.search(r"Your job(?:-array)? (\d+)[. ]", said)
        return match[1] if match else None

    def states(self, job: str, numbers: Sequence[int], stem: Path) -> dict[int, State]:
        code, said = ask("qstat", "-j", job)
        if code == 0:
            # A job in error waits until somebody clears it.
            stuck = dict(ERROR.findall(said))
            return {number: _known(stuck.get(str(number))) for number in numbers}
        if UNKNOWN not in said:
            raise UnreachableError(said)
        return _from_accounts(job, numbers)

    def cancel(self, job: str) -> None:
        ask("qdel", job)


def _known(error: str | None) -> State:
    return State("known", alive=True) if error is None else State("Eqw", False, error, killed=True)


def _from_accounts(job: str, numbers: Sequence[int]) -> dict[int, State]:
    """Return what `qacct` tells, which it does some seconds after the end, and where one may ask
    it.
    """
    try:
        _, said = ask("qacct", "-j", job)
    except UnreachableError:
        return {}
    states: dict[int, State] = {}
    for record in said.split("=" * 62):
        fields = dict(re.findall(r"^(\w+) +(.*?) *$", record, re.MULTILINE))
        if "failed" in fields:
            task = fields.get("taskid", "undefined")
            code = int(fields.get("exit_status", "0").split()[0])
            failed = int(fields["failed"].split()[0]) != 0
            name = " ".join(fields["failed"].split()).replace(" :", ":") if failed else "ended"
            number = int(task) if task.isdecimal() else numbers[0]
            states[number] = State(name, alive=False, code=code, killed=failed)
    return states
