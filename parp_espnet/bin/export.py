"""Leave with a model: one folder that recognises anywhere, and files that stock tools load.

parp-export exp/TAG DIR                         DIR is a bundle: parp-recognize DIR talk.mp3
parp-export exp/TAG DIR --to hf                 DIR is what transformers loads
parp-export exp/TAG DIR --to bundle hf espnet   DIR/bundle, DIR/hf, DIR/espnet
parp-export exp/TAG DIR --to openvino --cut     without the units that are pruned: faster everywhere

EXP is a complete experiment, dense or pruned. A format is written whole or not at all, and every
one has a model card; tokens are compared with those of stage 12 where the test set is there.
"""

import argparse
import logging
import warnings

from parp_espnet.arguments import Parser, path
from parp_espnet.errors import UserError, command
from parp_espnet.export.formats import DTYPES, FORMATS, Options, check_formats, export, places
from parp_espnet.export.push import check_name
from parp_espnet.files import need_room
from parp_espnet.progress import say

OF_A_DTYPE = frozenset({"hf", "pack", "sparse"})
"""Formats for which `--dtype` chooses something; of packs it is for those of adapters."""


@command
def main() -> None:
    """Read an experiment, and write it in the formats that were asked for."""
    args = _parser().parse_args()
    check_formats(args.to)
    if args.push and "hf" not in args.to:
        raise UserError("--push: expected --to hf, what the Hub takes")
    if args.cut and "pack" in args.to:
        raise UserError("--cut: expected no --to pack, which is a mask on a whole upstream")
    if args.onnx and "bundle" not in args.to:
        raise UserError("--onnx: expected --to bundle, which it is for")
    if args.dtype and not OF_A_DTYPE & set(args.to):
        expected = " or ".join(sorted(OF_A_DTYPE))
        raise UserError(f"--dtype: expected --to {expected}, which it is for")
    if args.push:
        check_name(args.push)
    for place in places(args.folder, args.to).values():
        need_room(place)
    options = Options(
        dtype=args.dtype or Options.dtype,
        sparse_dtype=args.dtype or Options.sparse_dtype,
        data=args.data,
        licence=args.license,
        onnx=args.onnx,
    )
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    # It takes seconds to import; a wrong option should not.
    from parp_espnet.export.trained import load_trained  # noqa: PLC0415

    trained = load_trained(args.experiment)
    if args.cut:
        from parp_espnet.export.cut import cut  # noqa: PLC0415  # as above

        trained = cut(trained, args.to)
    said = export(trained, args.folder, args.to, options)
    for line in trained.cut.lines() if trained.cut is not None else ():
        say(line)
    for name, place in places(args.folder, args.to).items():
        say(f"{place}: {name}, {FORMATS[name].what}")
        for line in said[name]:
            say(f"  {line}")
    if args.push:
        from parp_espnet.export.push import push  # noqa: PLC0415

        say(push(places(args.folder, args.to)["hf"], args.push))


def _parser() -> Parser:
    formats = "\n".join(f"  {name:<9} {form.what}" for name, form in FORMATS.items())
    parser = Parser(
        prog="parp-export",
        description=f"{__doc__}\nformats:\n{formats}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("experiment", type=path, metavar="EXP", help="a complete experiment")
    parser.add_argument("folder", type=path, metavar="DIR", help="a new or an empty directory")
    parser.add_argument(
        "--to", nargs="+", default=["bundle"], metavar="FORMAT", help="formats, see above [bundle]"
    )
    parser.add_argument(
        "--dtype", choices=DTYPES, help="weights of hf and adapters [fp32], and of sparse [fp16]"
    )
    parser.add_argument(
        "--data", type=path, metavar="DIR", help="the test set, where it is not in dump/raw"
    )
    parser.add_argument(
        "--cut",
        action="store_true",
        help="remove the units that are pruned as a whole (--pattern units, ffn, heads, "
        "units+conv): a smaller and faster model; with fewer heads or channels for bundle, onnx "
        "and openvino",
    )
    parser.add_argument(
        "--onnx",
        action="store_true",
        help="a bundle has model.onnx, too: parp-recognize starts in a part of the time, without "
        "torch, where onnxruntime is installed",
    )
    parser.add_argument("--license", metavar="NAME", help="the card's licence [unknown]")
    parser.add_argument(
        "--push", metavar="USER/NAME", help="send the hf directory to the Hub, by its own client"
    )
    return parser


if __name__ == "__main__":
    main()
