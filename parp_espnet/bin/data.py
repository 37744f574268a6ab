"""Check data directories before anything is trained on them.

parp-data check data/train data/dev data/test                  every fault, a summary by kind
parp-data check data/train --lang es --ignore rate,clipped     phones of the Spanish inventory only
parp-data check data/train --fix --resample --out DIR          a clean copy, at 16 kHz
parp-data kinds                                                what is looked for
parp-data inventory es --out phones                            the phones that a voice says

Exit code 1 says that there is a fault of level error.
"""

import argparse
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from parp_espnet.arguments import COUNT, COUNT_OR_NONE, SECONDS, Parser, path
from parp_espnet.corpora.inventories import take_census, write_inventory
from parp_espnet.corpora.recipes import add_recipe
from parp_espnet.data.check.faults import KINDS, Level, levels
from parp_espnet.data.check.fix import fix
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.report import lines, table
from parp_espnet.data.check.run import Findings, check
from parp_espnet.errors import UserError, command
from parp_espnet.files import text_of, write_text
from parp_espnet.machine import cores
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.ipa import load_inventory


@command
def main() -> None:
    """Run one of the sub-commands."""
    args = _parser().parse_args()
    args.run(args)


def _parser() -> Parser:
    parser = Parser(
        prog="parp-data",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True)
    text = "find what is wrong with data directories; of several, the first is what is trained on"
    checking = actions.add_parser("check", help=text, description=text, allow_abbrev=False)
    checking.set_defaults(run=_check)
    checking.add_argument(
        "data",
        type=path,
        nargs="+",
        metavar="DIR",
        help="Kaldi data directory, with wav.scp and text",
    )
    phones = checking.add_mutually_exclusive_group()
    phones.add_argument(
        "--lang", help="language whose inventory has the phones, such as es, or several: 'es fr'"
    )
    phones.add_argument(
        "--inventory",
        type=path,
        metavar="FILE",
        help="inventory of one's own: a file of phones",
    )
    checking.add_argument(
        "--min_duration",
        type=SECONDS,
        default=0.25,
        metavar="X",
        help="seconds; shorter is a fault [0.25]",
    )
    checking.add_argument(
        "--max_duration",
        type=SECONDS,
        default=20.0,
        metavar="X",
        help="seconds; longer is a fault [20]",
    )
    text = (
        "so many DIRs, the first ones, lose what is shorter or longer: an error where it is all [1]"
    )
    checking.add_argument("--filtered", type=COUNT_OR_NONE, default=1, metavar="N", help=text)
    checking.add_argument(
        "--nj",
        type=COUNT,
        default=cores(),
        metavar="N",
        help="processes [checking a core]",
    )
    for level in Level:
        checking.add_argument(
            f"--{level}",
            default=[],
            action="append",
            metavar="KINDS",
            help=f"kinds of level {level}, with commas between",
        )
    checking.add_argument(
        "--shown", type=COUNT_OR_NONE, metavar="N", help="faults of a kind that are printed [all]"
    )
    checking.add_argument(
        "--list", type=path, metavar="FILE", help="write all faults to a file, with tabs between"
    )
    checking.add_argument(
        "--then", metavar="WORDS", help="what to add to the advice on faults of level error"
    )
    checking.add_argument("--fix", action="store_true", help="write clean copies to --out")
    checking.add_argument(
        "--out",
        type=path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="a new directory for each DIR",
    )
    checking.add_argument(
        "--resample",
        action="store_true",
        help="with --fix: copy what is not 16 kHz mono as 16 kHz mono",
    )
    _add_inventory(actions)
    text = "list the kinds of fault and their levels"
    kinds = actions.add_parser("kinds", help=text, description=text, allow_abbrev=False)
    kinds.set_defaults(run=_kinds)
    return parser


def _add_inventory(actions: "argparse._SubParsersAction[Parser]") -> None:
    text = (
        "make the inventory of languages: the phones that eSpeak NG's voice says in many "
        "thousands of words"
    )
    parser = actions.add_parser("inventory", help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=_take_inventory)
    parser.add_argument("languages", nargs="+", metavar="LANG", help="such as es; zh takes minutes")
    parser.add_argument(
        "--out",
        type=path,
        required=True,
        metavar="DIR",
        help="for LANG.txt, and LANG.tsv with counts",
    )
    parser.add_argument(
        "--words",
        type=COUNT,
        default=50000,
        metavar="N",
        help="most frequent words, of wordfreq [50000]",
    )
    parser.add_argument(
        "--list",
        type=path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="words of one's own, one a line",
    )
    parser.add_argument(
        "--recipes",
        type=path,
        metavar="DIR",
        help="the folder of recipes, egs2: cldr/LANG is made there, with its line in the table",
    )


def _take_inventory(args: argparse.Namespace) -> None:
    if args.list and len(args.languages) > 1:
        raise UserError(f"--list: expected one language, found {' '.join(args.languages)}")
    for language in args.languages:
        census = take_census(language, args.words, args.list)
        write_inventory(census, args.out)
        heard = ", ".join(f"{number} {source}" for source, number in census.texts.items())
        refused = sum(census.refused.values())
        print(
            f"{language}: {len(census.phones)} phones in {heard}; {refused} that the voice cannot "
            f"read"
        )
        if args.recipes is not None:
            print(f"{add_recipe(language, args.recipes)}: made")


def _check(args: argparse.Namespace) -> None:
    if args.fix != bool(args.out):
        raise UserError("--fix and --out: expected both or none of them, found one")
    if args.resample and not args.fix:
        raise UserError("--resample: expected --fix --out DIR with it; a check changes nothing")
    if not 0 <= args.min_duration < args.max_duration:
        given = f"{args.min_duration:g} and {args.max_duration:g}"
        raise UserError(
            f"--min_duration and --max_duration: expected 0 <= min < max, found {given}"
        )
    limits = Limits(args.min_duration, args.max_duration, _inventory(args), args.filtered)
    kinds = {}
    for level in Level:
        given = ",".join(getattr(args, level))
        kinds[level] = filter(None, given.split(","))
    chosen = levels(kinds)
    findings = check(args.data, limits, chosen, args.nj)
    _print(lines(findings, args.shown))
    if args.list is not None:
        write_text(args.list, table(findings.faults, findings.levels))
    if args.fix:
        _print(fix(findings, args.out, args.resample, args.nj))
    elif errors := findings.of(Level.ERROR):
        # A copy would hold the same words and lengths; the fault itself says what to do.
        if any(fault.kind not in ("words", "none-left") for fault in errors):
            print(f"to leave out what is at fault: {_fixing(args, findings)}")
            _print(filter(None, [args.then]))
        sys.exit(1)


def _inventory(args: argparse.Namespace) -> frozenset[str] | None:
    if args.lang is not None:
        known: set[str] = set()
        for language in args.lang.split():
            known.update(map(decomposed, load_inventory(language)))
        return frozenset(known)
    if args.inventory is None:
        return None
    try:
        phones = text_of(args.inventory).split()
    except UserError as error:
        raise UserError(
            f"--inventory {args.inventory}: expected a file of phones in UTF-8 ({error})"
        ) from None
    if not phones:
        raise UserError(f"--inventory {args.inventory}: expected phones, found none")
    return frozenset(map(decomposed, phones))


def _fixing(args: argparse.Namespace, findings: Findings) -> str:
    """The command line that leaves out what was found, from any directory."""
    script = Path(sys.executable).with_name("parp-data")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "parp_espnet.bin.data"]
    given = _without(sys.argv[1:], ("--list", "--shown", "--then"))
    resample = ["--resample"] * any(fault.kind in ("rate", "channels") for fault in findings.faults)
    outs = [f"{str(data).rstrip('/')}_clean" for data in args.data]
    words = [*program, *given, "--fix", *resample, "--out", *outs]
    return f"cd {shlex.quote(str(Path.cwd()))} && {shlex.join(words)}"


def _without(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """Words of a command line, less some options and their values."""
    left: list[str] = []
    skipped = False
    for word in words:
        if not skipped and word.partition("=")[0] not in options:
            left.append(word)
        skipped = not skipped and word in options
    return left


def _kinds(_: argparse.Namespace) -> None:
    _print(f"{kind.level:7}  {name:13}  {kind.what}" for name, kind in KINDS.items())


def _print(words: Iterable[str]) -> None:
    for line in words:
        print(line)


if __name__ == "__main__":
    main()
