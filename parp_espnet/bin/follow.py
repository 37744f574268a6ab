"""Run a command and show the progress that it writes.

python3 -m parp_espnet.bin.follow --progress FILE --log LOG -- COMMAND…
"""

import argparse
import sys
from pathlib import Path

from parp_espnet.errors import UserError, command
from parp_espnet.pipeline.follow import follow
from parp_espnet.pipeline.signals import unless_terminated


@command
def main() -> None:
    """Exit with the command's own code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--progress", type=Path, action="append", default=[], help="progress file; may be repeated")
    parser.add_argument("--log", type=Path, help="where the command logs, to be told to the user")
    parser.add_argument("--total", type=int, help="updates that all progress files together lead to")
    parser.add_argument("--label", default="progress", help="what the bar is called")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND…")
    options = parser.parse_args()
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise UserError("follow: expected -- COMMAND… after the options")
    sys.exit(
        unless_terminated(lambda: follow(words, options.label, options.progress, options.log, total=options.total))
    )


if __name__ == "__main__":
    main()
