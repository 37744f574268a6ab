"""Pre-train a small XLNet on CLDR's phrases.

python3 -m parp_espnet.bin.pretrain_xlnet --out model
"""

import argparse
from pathlib import Path

from parp_espnet.errors import UserError, command
from parp_espnet.glue.settings import Pretraining


@command
def main() -> None:
    """Leave a Hugging Face directory in `--out`."""
    usual = Pretraining()
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--out", type=Path, required=True, help="directory of the model")
    parser.add_argument(
        "--updates", type=int, default=usual.updates, help=f"optimizer updates [{usual.updates}]"
    )
    parser.add_argument(
        "--phrases", type=int, default=usual.phrases, help=f"phrases of text [{usual.phrases}]"
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help=f"random seed [{usual.seed}]")
    options = parser.parse_args()
    for name in ("updates", "phrases"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name} {getattr(options, name)}: expected 1 or more")
    # Imported here: torch takes seconds.
    from parp_espnet.glue.xlnet import pretrain  # noqa: PLC0415

    pretrain(Pretraining(options.updates, options.phrases, options.seed), options.out)


if __name__ == "__main__":
    main()
