"""Run one step of a shell script unless it is complete; the templates' own are made in Python.

python3 -m parp_espnet.bin.step --label "stage 4 (tokens)" --record FILE [options] -- COMMAND…
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from parp_espnet.arguments import COUNT_OR_NONE, Parser, path
from parp_espnet.errors import UserError, command
from parp_espnet.pipeline.running import run
from parp_espnet.pipeline.step import Step, describe
from parp_espnet.queues.signals import unless_terminated

FILES = {
    "input": ("inputs", "file that it reads; another content means: again"),
    "output": (
        "outputs",
        "file that it leaves, and that nobody else changes; the one that took long comes first",
    ),
    "present": ("present", "file that other steps leave; it has to be there"),
    "nested": (
        "records",
        "folder with records of steps that this one runs; a change of what they read means: again",
    ),
    "progress": ("progress", "progress file to show"),
}
"""Options that take a path, and may be given several times: the field of `Step`, and what it means.
"""


@command
def main() -> None:
    """Exit with the code of the step's command."""
    step, dry_run = read(sys.argv[1:])
    if dry_run:
        print(describe(step))
        return
    sys.exit(unless_terminated(lambda: run(step)))


def read(arguments: Sequence[str]) -> tuple[Step, bool]:
    """Return the step of a command line, and whether it is only to be shown. Raises `UserError`."""
    options = _parser().parse_args(arguments)
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise UserError("step: expected -- COMMAND… after the options")
    files: dict[str, Any] = {}
    for option, (name, _) in FILES.items():
        files[name] = tuple(getattr(options, option))
    step = Step(
        label=options.label,
        command=tuple(words),
        record=options.record,
        runner=tuple(shlex.split(options.runner)),
        log=options.log,
        total=options.total,
        **files,
    )
    return step, options.dry_run == "true"


def _parser() -> Parser:
    parser = Parser(
        description="Run one step of a stage unless it is complete.", allow_abbrev=False
    )
    parser.add_argument("--label", required=True, help="what the user reads")
    parser.add_argument(
        "--record", type=path, required=True, help="JSON file that remembers the step"
    )
    for option, (_, text) in FILES.items():
        parser.add_argument(f"--{option}", type=path, action="append", default=[], help=text)
    parser.add_argument(
        "--runner", default="", help="command under Kaldi's queue contract; needs --log"
    )
    parser.add_argument("--log", type=path, help="log of the runner's job; may hold JOB")
    parser.add_argument(
        "--total", type=COUNT_OR_NONE, help="updates that all progress files lead to"
    )
    parser.add_argument(
        "--dry_run", choices=("true", "false"), default="false", help="only print the command"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND…")
    return parser


if __name__ == "__main__":
    main()
