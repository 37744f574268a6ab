"""Run jobs on this machine as Kaldi's `run.pl` does.

python3 -m parp_espnet.bin.run_local [--num_threads N] [--max_jobs_run N] [JOB=1:N] LOG COMMAND…
"""

import sys

from parp_espnet.errors import INTERRUPTED, command
from parp_espnet.queues import local
from parp_espnet.queues.signals import unless_terminated


@command
def main() -> None:
    """Run the jobs; exit with 1 when any failed. An interruption is the caller's to tell."""
    if sys.argv[1:] == ["--help"]:
        print(f"usage: {__doc__}")
        return
    try:
        jobs = local.parse(sys.argv[1:])
        sys.exit(unless_terminated(lambda: local.run(jobs)))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
