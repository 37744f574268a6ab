"""Write a data directory in subwords: all of it as it is, but for the text.

python3 -m parp_espnet.bin.subwords --data DIR --model FILE --out DIR
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.subwords import encode_set


@command
def main() -> None:
    """Print one line about what was written."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, help="a complete data directory")
    parser.add_argument("--model", type=Path, required=True, help="sentencepiece's, of stage 4")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(encode_set(options.data, options.model, options.out))


if __name__ == "__main__":
    main()
