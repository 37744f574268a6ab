"""Compare two experiments on the same utterances, by a paired bootstrap.

python3 -m parp_espnet.bin.compare exp/ONE exp/OTHER
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.scoring.per import total
from parp_espnet.scoring.utterances import compare, read_utterances


@command
def main() -> None:
    """Print both error rates and how they differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("one", type=Path, help="experiment, or score/ of a decoding, with its utterances.tsv")
    parser.add_argument("other", type=Path, help="the one that it is compared with")
    parser.add_argument("--seed", type=int, default=0, help="of the samples that are drawn [0]")
    options = parser.parse_args()
    one, other = (read_utterances(folder / "utterances.tsv") for folder in (options.one, options.other))
    found = compare(one, other, options.seed)
    rates = [f"{options.one} {total(one).error_rate:.2%}", f"{options.other} {total(other).error_rate:.2%}"]
    print(f"{', '.join(rates)}, on {len(one)} utterances")
    print(_in_words(found))


def _in_words(found: Paired) -> str:
    low, high = (100 * bound for bound in found.difference_interval)
    words = f"difference {100 * found.difference:+.2f} points, 95 % interval [{low:+.2f}, {high:+.2f}], p {found.p:.4f}"
    if found.ratio is None:
        return words
    interval = "" if found.ratio_interval is None else " [{:.3f}, {:.3f}]".format(*found.ratio_interval)
    return f"{words}; ratio {found.ratio:.3f}{interval}"


if __name__ == "__main__":
    main()
