"""Leave out what is too short or too long: `python3 -m parp_espnet.bin.filter_data --data DIR --out
DIR`.
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.formatting import filter_data


@command
def main() -> None:
    """Print one line about what was written."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True, help="a complete data directory")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--min_duration", type=float, default=0.25, help="seconds")
    parser.add_argument("--max_duration", type=float, default=20.0, help="seconds")
    options = parser.parse_args()
    print(filter_data(options.data, options.out, options.min_duration, options.max_duration))


if __name__ == "__main__":
    main()
