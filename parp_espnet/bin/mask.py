"""Make, describe, compare and apply masks.

parp-mask from-upstream --upstream DIR --sparsity 0.5 --out FILE    the largest pre-trained weights
parp-mask from-model --model exp/TAG/MODEL.pth --sparsity 0.5 --out FILE    finetuned weights
parp-mask random --model DIR --sparsity 0.5 --seed 0 --out FILE     a uniform draw in each tensor
parp-mask combine union ONE OTHER --out FILE       what any, all or most masks keep
parp-mask rates --model exp/TAG --data dump/raw/dev --sparsity 0.7 --out FILE    for --scope FILE
parp-mask pool MODEL                               what would be pruned, and what not
parp-mask info MASK                                where a mask prunes
parp-mask diff ONE OTHER                           how much two masks overlap
parp-mask apply MASK MODEL --out COPY              a pruned copy of a model
parp-mask verify MASK MODEL                        is a model sparse under a mask?

A MODEL is a Hugging Face directory, an s3prl checkpoint (.pt), an ESPnet model (.pth) or the name
of a shipped upstream (multi, mono).
"""

import argparse

from parp_espnet.arguments import ANY, SEED, Parser, path
from parp_espnet.errors import command
from parp_espnet.pipeline.shipped import model_called
from parp_espnet.pruning.methods import HOW
from parp_espnet.pruning.origin import EXPERIMENT
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.scopes import SCOPES
from parp_espnet.pruning.scores import MAGNITUDE
from parp_espnet.pruning.settings import check_sparsity


@command
def main() -> None:
    """Run one of the sub-commands."""
    args = _parser().parse_args()
    if "sparsity" in args:
        check_sparsity(args.sparsity)
    if "scope" in args:
        args.ranking = Ranking.of(args.score, args.scope)
        args.ranking.check(args.sparsity)
    # Imported here: torch takes seconds, and options need nothing of it.
    from parp_espnet.pipeline.mask_actions import ACTIONS  # noqa: PLC0415

    ACTIONS[args.action](args)


def _parser() -> Parser:
    parser = Parser(
        prog="parp-mask",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True)

    def action(name: str, text: str) -> Parser:
        return actions.add_parser(name, help=text, description=text, allow_abbrev=False)

    upstream = action("from-upstream", "the largest of the pre-trained weights (MPI, PARP)")
    upstream.add_argument(
        "--upstream",
        required=True,
        help="a model, a shipped one (multi, mono), or the hub name of a downloaded one",
    )
    model = action("from-model", "the largest of finetuned weights (OMP, transfer)")
    model.add_argument(
        "--model", type=model_called, required=True, help="a model, e.g. valid.cer_ctc.ave.pth"
    )
    drawn = action(
        "random", "drawn uniformly, the same share of each tensor unless --scope says otherwise"
    )
    drawn.add_argument(
        "--model", type=model_called, required=True, help="whose pool the mask is to fit"
    )
    drawn.add_argument("--seed", type=SEED, default=0, help="of the draw [0]")
    combined = action(
        "combine", "what any (union), all (intersection) or most (majority) masks keep"
    )
    combined.add_argument("how", choices=HOW)
    combined.add_argument("masks", type=path, nargs="+")
    for maker in (upstream, model, drawn):
        maker.add_argument(
            "--settings", type=path, help=f"{EXPERIMENT} of the experiment whose the mask is"
        )
        maker.add_argument(
            "--sparsity", type=ANY, required=True, help="fraction to prune, in [0, 1)"
        )
    for maker in (upstream, model):
        maker.add_argument(
            "--scope",
            default="global",
            help=f"rank weights within: {', '.join(SCOPES)}, by a file of rates, or in a pattern: "
            f"2:4, units, ffn, heads, units+conv [global]",
        )
        maker.add_argument(
            "--score", default=MAGNITUDE, help="what weights are ranked by [magnitude]"
        )
    drawn.add_argument(
        "--scope",
        default="tensor",
        help=f"draw from: {', '.join(SCOPES)}, by a file of rates, or in a pattern: 2:4, units, "
        f"ffn, heads, units+conv [tensor]",
    )
    drawn.set_defaults(score=MAGNITUDE)
    rates = action("rates", "a sparsity for each layer, by how much the loss on dev grows without")
    rates.add_argument(
        "--model", type=path, required=True, help="a trained dense experiment, e.g. exp/TAG"
    )
    rates.add_argument(
        "--data", type=path, required=True, help="a data directory, e.g. dump/raw/dev"
    )
    rates.add_argument("--sparsity", type=ANY, required=True, help="of all layers, in (0, 1)")
    rates.add_argument(
        "--spread", type=ANY, default=0.08, help="rates differ from it by at most that much [0.08]"
    )
    pool = action("pool", "what of a model would be pruned, and what not")
    pool.add_argument("model", type=model_called)
    for parted in (upstream, model, drawn, pool):
        parted.add_argument(
            "--pattern", help="regular expression of the names of a pool of your own"
        )
        parted.add_argument(
            "--biases",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="prune biases as well [yes]",
        )

    info = action("info", "what a mask is and where it prunes")
    info.add_argument("mask", type=path)
    diff = action("diff", "overlap of two masks")
    diff.add_argument("masks", type=path, nargs=2)
    applied = action("apply", "write a pruned copy of a model")
    verify = action(
        "verify", "say whether a model is exactly sparse under a mask; exit code 1 if not"
    )
    for fitted in (applied, verify):
        fitted.add_argument("mask", type=path)
        fitted.add_argument("model", type=model_called)
    for maker in (upstream, model, drawn, combined, rates, applied):
        maker.add_argument("--out", type=path, required=True, help="what is written")
    return parser


if __name__ == "__main__":
    main()
