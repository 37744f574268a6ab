"""Measure what an experiment's model weighs and takes where it is exported.

python3 -m parp_espnet.bin.measure_exports exp/TAG --to onnx sparse
"""

import logging
import warnings

from parp_espnet.arguments import Parser, path
from parp_espnet.errors import command
from parp_espnet.export.costs import EXPORTS, measure
from parp_espnet.export.formats import MEASURED


@command
def main() -> None:
    """Leave `exports.json` in the experiment's directory; print a line for each file."""
    options = _parser().parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    for file in measure(options.experiment, options.to):
        print(
            f"{file.name}: {file.bytes / 1e6:.2f} MB, {file.milliseconds:.1f} ms a second of "
            f"speech, {100 * file.error_rate:.2f} % errors"
        )
    print(f"in {options.experiment / EXPORTS}")


def _parser() -> Parser:
    parser = Parser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("experiment", type=path, metavar="EXP", help="a complete experiment")
    parser.add_argument("--to", nargs="+", required=True, choices=MEASURED, help="formats")
    return parser


if __name__ == "__main__":
    main()
