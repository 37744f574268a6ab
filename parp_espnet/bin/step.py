"""Run one step of a stage unless it is complete.

python3 -m parp_espnet.bin.step --label "stage 4 (tokens)" --record FILE [options] -- COMMAND…
"""

import argparse
import shlex
import sys
from pathlib import Path

from parp_espnet.errors import UserError, command
from parp_espnet.pipeline.signals import unless_terminated
from parp_espnet.pipeline.step import Step, describe, run


@command
def main() -> None:
    """Exit with the code of the step's command."""
    parser = argparse.ArgumentParser(description="Run one step of a stage unless it is complete.", allow_abbrev=False)
    parser.add_argument("--label", required=True, help="what the user reads")
    parser.add_argument("--record", type=Path, required=True, help="JSON file that remembers the step")
    parser.add_argument("--input", type=Path, action="append", default=[], help="a change of it means: again")
    text = "wav.scp; a change of size or time of a file that it names means: again"
    parser.add_argument("--recordings", type=Path, action="append", default=[], help=text)
    parser.add_argument("--output", type=Path, action="append", default=[], help="file that it leaves")
    parser.add_argument("--keep", action="store_true", help="refuse to start over after such a change")
    parser.add_argument("--aside", default="", help="last words of the command that do not change what it makes")
    parser.add_argument("--runner", default="", help="command under Kaldi's queue contract; needs --log")
    parser.add_argument("--log", type=Path, help="log of the runner's job; may hold JOB")
    parser.add_argument("--progress", type=Path, action="append", default=[], help="progress file to show")
    parser.add_argument("--total", type=int, help="updates that all progress files lead to")
    parser.add_argument("--dry_run", choices=("true", "false"), default="false", help="only print the command")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND…")
    options = parser.parse_args()
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise UserError("step: expected -- COMMAND… after the options")
    step = Step(
        label=options.label,
        command=tuple(words),
        record=options.record,
        inputs=tuple(options.input),
        recordings=tuple(options.recordings),
        outputs=tuple(options.output),
        keep=options.keep,
        aside=tuple(shlex.split(options.aside)),
        runner=tuple(shlex.split(options.runner)),
        log=options.log,
        progress=tuple(options.progress),
        total=options.total,
    )
    if options.dry_run == "true":
        print(describe(step))
        return
    sys.exit(unless_terminated(lambda: run(step)))


if __name__ == "__main__":
    main()
