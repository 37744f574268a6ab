"""Grid Engine (Sun, Son of, Univa), by `qsub`, `qstat` and `qdel`."""

import re
from collections.abc import Sequence
from pathlib import Path

from parp_espnet.queues.scheduler import State, UnreachableError, ask, output_of

UNKNOWN = "do not exist"


class GridEngine:
    """Grid Engine says which jobs it still has; how one ended, only its mark does."""

    title = "Grid Engine"
    index = "SGE_TASK_ID"
    limits_arrays = False

    def own_options(self, numbers: Sequence[int], max_jobs_run: int | None, stem: Path) -> list[str]:
        array: list[str] = []
        output = output_of(stem, numbers[0])
        if len(numbers) > 1:
            array = ["-t", f"{numbers[0]}-{numbers[-1]}"]
            array += ["-tc", str(max_jobs_run)] if max_jobs_run else []
            output = output_of(stem, "$TASK_ID")
        return [*array, "-o", str(output)]

    def job_id(self, said: str) -> str | None:
        match = re.search(r"Your job(?:-array)? (\d+)[. ]", said)
        return match[1] if match else None

    def states(self, job: str, numbers: Sequence[int], stem: Path) -> dict[int, State]:
        code, said = ask("qstat", "-j", job)
        if code == 0:
            return dict.fromkeys(numbers, State("known", alive=True))
        if UNKNOWN not in said:
            raise UnreachableError(said)
        return {}

    def cancel(self, job: str) -> None:
        ask("qdel", job)
