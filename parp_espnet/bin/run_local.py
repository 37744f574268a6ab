"""Run jobs on this machine as Kaldi's `run.pl` does.

python3 -m parp_espnet.bin.run_local JOB=1:4 log/JOB.log echo JOB
"""

import sys

from parp_espnet.errors import INTERRUPTED, command
from parp_espnet.pipeline import runner
from parp_espnet.pipeline.signals import unless_terminated


@command
def main() -> None:
    """Run the jobs; exit with 1 when any failed. An interruption is the caller's to tell."""
    try:
        jobs = runner.parse(sys.argv[1:])
        sys.exit(unless_terminated(lambda: runner.run(jobs)))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
