"""Score a decoding.

python3 -m parp_espnet.bin.score --exp exp/TAG --data dump/raw/test --decoded exp/TAG/decode_greedy/test
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.score import score


@command
def main() -> None:
    """Write the decoding's `score/`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--exp", type=Path, required=True, help="experiment with settings.json and training.json")
    parser.add_argument("--data", type=Path, required=True, help="data directory that was decoded")
    parser.add_argument("--decoded", type=Path, required=True, help="decoding with its text")
    options = parser.parse_args()
    score(options.exp, options.data, options.decoded)


if __name__ == "__main__":
    main()
