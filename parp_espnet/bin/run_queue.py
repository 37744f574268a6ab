"""Run jobs through a cluster's queue as Kaldi's `slurm.pl`, `queue.pl`, `pbs.pl` and `ssh.pl` do.

python3 -m parp_espnet.bin.run_queue --backend slurm|sge|pbs|ssh [--mem 4G] [--time T]
[--num_threads N] [--gpu N]
    [--max_jobs_run N] [--config FILE] [--retries N] [JOB=1:N] LOG COMMAND…

`--retries N` is how often a job that Slurm ended is tried again, with more memory or time where
these were the reason [2]; `--config FILE` is an option map in Kaldi's syntax [conf/BACKEND.conf].
"""

import sys
from collections.abc import Callable
from dataclasses import replace

from parp_espnet.errors import INTERRUPTED, UserError, command
from parp_espnet.queues import contract, driver, options, ssh
from parp_espnet.queues.pbs import Pbs
from parp_espnet.queues.scheduler import Scheduler
from parp_espnet.queues.sge import GridEngine
from parp_espnet.queues.signals import unless_terminated
from parp_espnet.queues.slurm import Slurm
from parp_espnet.queues.submission import PROGRAM

SCHEDULERS: dict[str, Callable[[], Scheduler]] = {
    "slurm": Slurm,
    "sge": GridEngine,
    "pbs": Pbs,
}
RETRIES = 2


@command
def main() -> None:
    """Run the jobs; exit with 1 when any failed. An interruption is the caller's to tell."""
    if sys.argv[1:] == ["--help"]:
        print(f"usage: {__doc__}")
        return
    try:
        request = contract.read(PROGRAM, sys.argv[1:])
        given = dict(request.options)
        backend = given.pop("backend", "")
        if backend not in options.NAMES:
            known = " ".join(options.NAMES)
            raise UserError(
                f"{PROGRAM}: --backend: expected one of {known}, found: {backend or 'none'}"
            )
        config = options.read(options.find(backend, given.pop("config", None)))
        retries = contract.count(PROGRAM, given, "retries", least=0)
        given.pop("retries", None)
        request = replace(request, options=given)
        most = RETRIES if retries is None else retries
        if backend == "ssh":
            sys.exit(unless_terminated(lambda: ssh.run(request, config)))
        scheduler = SCHEDULERS[backend]()
        sys.exit(unless_terminated(lambda: driver.run(scheduler, request, config, most)))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
