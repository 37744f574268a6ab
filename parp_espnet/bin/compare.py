"""Compare two experiments on the same utterances or examples, by a paired bootstrap.

python3 -m parp_espnet.bin.compare exp/ONE exp/OTHER
python3 -m parp_espnet.bin.compare exp/ONE exp/OTHER --decoding beam12_ngram3

Like is compared with like: a decoding that both have, of the same test set, by the same metric.
Without --decoding it is that of both results where it is the same, else greedy decoding.
"""

import argparse

from parp_espnet.arguments import SEED, Parser, path
from parp_espnet.errors import command, printable
from parp_espnet.files import regular
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.study.pair import (
    alike,
    compare_scored,
    differences,
    error_rate_of,
    unknown_options,
)


@command
def main() -> None:
    """Print both error rates, how they differ, and what differs between the experiments."""
    options = _parser().parse_args()
    first, second = alike(options.one, options.other, options.decoding)
    difference = compare_scored(first, second, options.seed)
    rates = [
        f"{options.one} {error_rate_of(first):.2%}",
        f"{options.other} {error_rate_of(second):.2%}",
    ]
    size = len(regular(first.errors).read_text(encoding="utf-8").splitlines()) - 1
    what = "examples" if first.result.scores is not None else "utterances"
    print(
        printable(
            f"{', '.join(rates)}, on {size} {what} of {first.result.dataset}, "
            f"{first.result.metric.upper()}"
        )
    )
    if first.decoding:
        print(printable(f"decoding: {first.decoding}"))
    print(_in_words(difference))
    for line in differences(first, second):
        print(printable(f"  differs in {line}"))
    for folder in unknown_options([first, second]):
        print(
            printable(
                f"  options of {folder} are not known: it was scored before results held them; "
                f"score it again"
            )
        )


def _parser() -> Parser:
    parser = Parser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("one", type=path, help="experiment, or score/ of a decoding")
    parser.add_argument("other", type=path, help="the one that it is compared with")
    parser.add_argument(
        "--decoding", help="which to compare, such as greedy: a directory decode_NAME of both"
    )
    parser.add_argument("--seed", type=SEED, default=0, help="of the samples that are drawn [0]")
    return parser


def _in_words(paired: Paired) -> str:
    low, high = paired.difference_interval
    words = (
        f"difference {100 * paired.difference:+.2f} points, 95 % interval [{100 * low:+.2f}, "
        f"{100 * high:+.2f}], p {paired.p:.4f}"
    )
    if paired.ratio is None:
        return words
    words += f"; ratio {paired.ratio:.3f}"
    if paired.ratio_interval is None:
        return words
    low, high = paired.ratio_interval
    return f"{words} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
