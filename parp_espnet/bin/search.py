"""Search log-probabilities that decoding has left: tune the weights on one set, or decode another.

python3 -m parp_espnet.bin.search tune --logprobs FILE --data dump/raw/dev --ngram FILE --beam 12
--out DIR python3 -m parp_espnet.bin.search decode --logprobs FILE --ngram FILE --beam 12 --weights
FILE --out DIR
"""

import argparse

from parp_espnet.arguments import ANY, Parser, Whole, path
from parp_espnet.decoding.tune import Given
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.errors import UserError, command
from parp_espnet.export.asked import BEAMS
from parp_espnet.pipeline.search import ModelFiles, decode, read_weights, tune
from parp_espnet.scoring.words import Metric


@command
def main() -> None:
    """Print what was found, or where it is."""
    options = _parser().parse_args()
    _check_weights(options)
    files = ModelFiles(options.lm, options.ngram, options.lexicon)
    if options.action == "tune":
        where = (options.logprobs, options.data, options.out)
        given = Given(options.lm_weight, options.ngram_weight, options.penalty)
        print(
            tune(
                *where,
                files,
                options.beam,
                given,
                Metric(options.metric),
                options.merge,
                options.device,
            )
        )
        return
    given_here = Weights(
        options.lm_weight or 0.0, options.ngram_weight or 0.0, options.penalty or 0.0
    )
    weights = given_here if options.weights is None else read_weights(options.weights)
    print(decode(options.logprobs, options.out, files, options.beam, weights, options.device))


def _check_weights(options: argparse.Namespace) -> None:
    """Raise `UserError` where a weight weighs nothing."""
    weighed = {"lm_weight": ("--lm", options.lm), "ngram_weight": ("--ngram", options.ngram)}
    for name in (*weighed, "penalty"):
        value = getattr(options, name)
        if value is None:
            continue
        needed, file = weighed.get(name, ("", options.logprobs))
        if file is None:
            raise UserError(f"--{name} {value:g} changes nothing without {needed}")
        if options.action == "decode" and options.weights is not None:
            raise UserError(
                f"--{name} {value:g} changes nothing with --weights {options.weights}, which has "
                f"one; leave one of them out"
            )


def _parser() -> Parser:
    parser = Parser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True)
    tuning = actions.add_parser(
        "tune",
        help="write tune.tsv and weights.json: what has no weight is tuned",
        allow_abbrev=False,
    )
    decoding = actions.add_parser("decode", help="write text and decode.json", allow_abbrev=False)
    for action in (tuning, decoding):
        action.add_argument(
            "--logprobs", type=path, required=True, help="what bin.decode --logprobs leaves"
        )
        action.add_argument("--out", type=path, required=True, help="directory to write to")
        action.add_argument(
            "--beam",
            type=Whole(BEAMS),
            default=12,
            help="hypotheses that are kept after every frame [12]",
        )
        action.add_argument(
            "--lm", type=path, help="ESPnet's language model, beside its config.yaml"
        )
        action.add_argument("--ngram", type=path, help="n-gram, ARPA or KenLM's binary")
        action.add_argument(
            "--lexicon", type=path, help="words with their phones, or words of letters"
        )
        action.add_argument(
            "--lm_weight", type=ANY, help="weight of the language model's natural logarithms"
        )
        action.add_argument("--ngram_weight", type=ANY, help="weight of the n-gram's")
        action.add_argument(
            "--penalty", type=ANY, help="what every token adds; above 0 makes for more tokens"
        )
        action.add_argument(
            "--device", default="cpu", help="cpu or cuda, for ESPnet's language model"
        )
    tuning.add_argument(
        "--data", type=path, required=True, help="data directory of the validation set"
    )
    tuning.add_argument(
        "--metric", choices=[*Metric], default=Metric.PER, help="what errors are counted in [per]"
    )
    tuning.add_argument("--merge", type=path, help="table of phones that are scored as one")
    decoding.add_argument(
        "--weights", type=path, help="what tuning has left, instead of weights and penalty"
    )
    return parser


if __name__ == "__main__":
    main()
