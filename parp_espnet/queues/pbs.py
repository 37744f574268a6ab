"""PBS Professional and OpenPBS, by `qsub`, `qstat` and `qdel`."""

import re
from collections.abc import Sequence
from pathlib import Path

from parp_espnet.queues.scheduler import State, UnreachableError, ask, output_of

OVER = frozenset("CEFX")
UNKNOWN = re.compile("unknown job|has finished", re.IGNORECASE)


class Pbs:
    """PBS says which jobs it still has; how one ended, only its mark does."""

    title = "PBS"
    index = "PBS_ARRAY_INDEX"
    limits_arrays = False
    explains = False

    def own_options(
        self, numbers: Sequence[int], max_jobs_run: int | None, stem: Path
    ) -> list[str]:
        array: list[str] = []
        output = output_of(stem, numbers[0])
        if len(numbers) > 1:
            at_a_time = f"%{max_jobs_run}" if max_jobs_run else ""
            array = ["-J", f"{numbers[0]}-{numbers[-1]}{at_a_time}"]
            output = output_of(stem, "^array_index^")
        return [*array, "-j", "oe", "-o", str(output)]

    def job_id(self, said: str) -> str | None:
        match = re.search(r"^(\d+(?:\[\])?(?:\.\S+)?)$", said, re.MULTILINE)
        return match[1] if match else None

    def states(self, job: str, numbers: Sequence[int], stem: Path) -> dict[int, State]:
        code, said = ask("qstat", "-f", job)
        if code != 0:
            if not UNKNOWN.search(said):
                raise UnreachableError(said)
            return {}
        states = set(re.findall(r"job_state = (\S)", said))
        return dict.fromkeys(numbers, State(" ".join(sorted(states)), alive=not states <= OVER))

    def cancel(self, job: str) -> None:
        ask("qdel", job)
