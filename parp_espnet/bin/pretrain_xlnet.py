"""Pre-train a small XLNet on CLDR's phrases.

python3 -m parp_espnet.bin.pretrain_xlnet --out model
"""

from parp_espnet.arguments import COUNT, SEED, Parser, path
from parp_espnet.errors import command
from parp_espnet.glue.settings import Pretraining


@command
def main() -> None:
    """Leave a Hugging Face directory in `--out`."""
    options = _parser().parse_args()
    # Imported here: torch takes seconds.
    from parp_espnet.glue.xlnet import pretrain  # noqa: PLC0415

    pretrain(Pretraining(options.updates, options.phrases, options.seed), options.out)


def _parser() -> Parser:
    usual = Pretraining()
    parser = Parser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--out", type=path, required=True, help="directory of the model")
    parser.add_argument(
        "--updates", type=COUNT, default=usual.updates, help=f"optimizer updates [{usual.updates}]"
    )
    parser.add_argument(
        "--phrases", type=COUNT, default=usual.phrases, help=f"phrases of text [{usual.phrases}]"
    )
    parser.add_argument("--seed", type=SEED, default=usual.seed, help=f"random seed [{usual.seed}]")
    return parser


if __name__ == "__main__":
    main()
