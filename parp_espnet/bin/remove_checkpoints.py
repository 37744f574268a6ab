"""Remove what serves to continue a training that is complete.

python3 -m parp_espnet.bin.remove_checkpoints --exp exp/TAG
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.tidy import remove_checkpoints


@command
def main() -> None:
    """Say how much was removed, where anything was."""
    description = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--exp", type=Path, required=True, help="directory of the training")
    parser.add_argument(
        "--model", default=MODEL, metavar="NAME", help=f"the model that stays [{MODEL}]"
    )
    given = parser.parse_args()
    size = remove_checkpoints(given.exp, given.model)
    if size:
        print(
            f"{given.exp}: checkpoints of {size / 1e6:.1f} MB removed; --keep_checkpoints true "
            f"keeps them"
        )


if __name__ == "__main__":
    main()
