"""Divide a data set among decoding jobs, and join what they say.

python3 -m parp_espnet.bin.shards split --data DIR --parts 4 --out LOGS
python3 -m parp_espnet.bin.shards join --logs LOGS --parts 4 --out FILE --beam 12
"""

import argparse
from pathlib import Path

from parp_espnet.decoding.whole_set import Weights
from parp_espnet.errors import command
from parp_espnet.files import write_json
from parp_espnet.pipeline import shards
from parp_espnet.pipeline.search import ModelFiles, describe


@command
def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(
        description="Divide a data set among decoding jobs, and join what they say."
    )
    actions = parser.add_subparsers(dest="action", required=True)
    split = actions.add_parser("split", help="write keys.1.scp, keys.2.scp, …")
    split.add_argument("--data", type=Path, required=True)
    join = actions.add_parser(
        "join", help="join output.N/1best_recog/text, and say how it was decoded"
    )
    join.add_argument("--logs", type=Path, required=True)
    join.add_argument("--beam", type=int, required=True, help="for decode.json, as are the others")
    join.add_argument("--lm", type=Path)
    join.add_argument("--lm_weight", type=float, default=0.0)
    join.add_argument("--penalty", type=float, default=0.0)
    for action in (split, join):
        action.add_argument("--parts", type=int, required=True)
        action.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.action == "split":
        shards.split(options.data, options.parts, options.out)
    else:
        shards.join(options.logs, options.parts, options.out)
        weights = Weights(lm_weight=options.lm_weight, penalty=options.penalty)
        about = describe(
            f"ESPnet's beam {options.beam}", ModelFiles(options.lm), weights, seconds=None
        )
        write_json(options.out.with_name("decode.json"), about)


if __name__ == "__main__":
    main()
