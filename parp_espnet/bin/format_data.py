"""Make a complete data directory of 16 kHz mono recordings.

python3 -m parp_espnet.bin.format_data --data DIR --out DIR
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.formatting import format_data


@command
def main() -> None:
    """Print one line about what was written."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="data directory with wav.scp and text"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--lang", default="und", help="language of utterances that utt2lang does not list"
    )
    parser.add_argument("--nj", type=int, default=1, help="recordings converted at a time")
    parser.add_argument(
        "--speeds",
        type=float,
        nargs="+",
        default=[1.0],
        help="write each utterance at these speeds",
    )
    text = "run the commands of wav.scp and follow its paths with '..': only where you trust it"
    parser.add_argument("--allow_pipes", action="store_true", help=text)
    given = parser.parse_args()
    print(
        format_data(
            given.data, given.out, given.lang or "und", given.nj, given.speeds, given.allow_pipes
        )
    )


if __name__ == "__main__":
    main()
