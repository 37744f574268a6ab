"""Divide a data set among decoding jobs, and join what they say.

python3 -m parp_espnet.bin.shards split --data DIR --parts 4 --out LOGS
python3 -m parp_espnet.bin.shards join --logs LOGS --parts 4 --out FILE
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline import shards


@command
def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description="Divide a data set among decoding jobs, and join what they say.")
    actions = parser.add_subparsers(dest="action", required=True)
    split = actions.add_parser("split", help="write keys.1.scp, keys.2.scp, …")
    split.add_argument("--data", type=Path, required=True)
    join = actions.add_parser("join", help="join output.N/1best_recog/text")
    join.add_argument("--logs", type=Path, required=True)
    for action in (split, join):
        action.add_argument("--parts", type=int, required=True)
        action.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.action == "split":
        shards.split(options.data, options.parts, options.out)
    else:
        shards.join(options.logs, options.parts, options.out)


if __name__ == "__main__":
    main()
