"""Score a decoding.

python3 -m parp_espnet.bin.score --exp exp/TAG --data dump/raw/test --decoded
exp/TAG/decode_greedy/test
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.score import score
from parp_espnet.scoring.words import Metric


@command
def main() -> None:
    """Write the decoding's `score/`."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "--exp", type=Path, required=True, help="experiment with experiment.json and training.json"
    )
    parser.add_argument("--data", type=Path, required=True, help="data directory that was decoded")
    parser.add_argument("--decoded", type=Path, required=True, help="decoding with its text")
    parser.add_argument(
        "--metric", choices=[*Metric], default=Metric.PER, help="what errors are counted in [per]"
    )
    parser.add_argument(
        "--merge",
        type=Path,
        help="table of phones that are scored as one: two columns, from and to",
    )
    options = parser.parse_args()
    score(options.exp, options.data, options.decoded, Metric(options.metric), options.merge)


if __name__ == "__main__":
    main()
