"""Write ESPnet's token list of a data directory.

python3 -m parp_espnet.bin.tokens --data DIR --out FILE
"""

import argparse
from pathlib import Path

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import command
from parp_espnet.files import write_text
from parp_espnet.pipeline.tokens import token_list


@command
def main() -> None:
    """Print one line about what was written."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="data directory of the training set"
    )
    parser.add_argument("--out", type=Path, required=True, help="token list, one token a line")
    options = parser.parse_args()
    tokens = token_list([utterance.phones for utterance in read_data_dir(options.data)])
    write_text(options.out, "".join(f"{token}\n" for token in tokens))
    print(f"{options.out}: {len(tokens) - 3} phones")


if __name__ == "__main__":
    main()
