"""Plan a study, run one of its jobs, say where it stands, or put its results together.

parp-study status results/quick [--watch 10]
parp-study results results/quick                  the report of what is there, at any moment
parp-study pack results/quick quick.tar.xz        its records without models, to go on elsewhere
parp-study unpack quick.tar.xz                    in another clone: what is in it counts as done
parp-study claims results/curves results/joint    the paper's claims, by all that they tested
parp-study redraw egs2/cldr/studies/curves        the figures of a study that was kept

`./run.sh` calls it besides as

parp-study plan [options of run.sh]
parp-study begin conf/study/quick.yaml results/quick
parp-study job results/quick --wave 1 --job 2
"""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from parp_espnet.arguments import COUNT, COUNT_OR_NONE, Number, Parser, path
from parp_espnet.errors import UserError, clear_terminal, command, printable
from parp_espnet.files import write_text
from parp_espnet.notes import Range
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.study import settings
from parp_espnet.study.complete import set_aside_damaged
from parp_espnet.study.job import run_job
from parp_espnet.study.plan import Study
from parp_espnet.study.shell import print_plan
from parp_espnet.study.state import State, standings
from parp_espnet.study.status import describe
from parp_espnet.study.unmeasured import unmeasured

KEPT = "study.yaml"
"""The study's file, as it was when the study was run last, in its results."""
BETWEEN_LOOKS = Range(above=0, most=24 * 60 * 60, of="seconds")


@command
def main() -> None:
    """Run one of the sub-commands."""
    if sys.argv[1:2] == ["plan"]:
        print_plan(sys.argv[2:])
        return
    options = _parser().parse_args()
    if options.action == "begin":
        _begin(options.study, options.results)
        return
    if options.action == "unpack":
        _unpack(options.archive)
        return
    if options.action == "claims":
        _claims(options.results)
        return
    if options.action == "redraw":
        _redraw(options.results, options.out)
        return
    study, folder = _study_of(options.results), options.results
    if options.action == "job":
        run_job(study, options.wave, options.job, options.ngpu)
    elif options.action == "status":
        _status(study, folder, options.jobs, options.watch)
    elif options.action == "pack":
        _pack(study, options.archive)
    else:
        _results(study, folder)


def _parser() -> Parser:
    parser = Parser(
        prog="parp-study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True)

    def action(name: str, text: str) -> Parser:
        return actions.add_parser(name, help=text, allow_abbrev=False)

    begin = action("begin", "keep a study's file with its results")
    begin.add_argument("study", type=path, help="the study's YAML")
    job = action("job", "run one experiment of a wave")
    job.add_argument(
        "--wave", type=COUNT, required=True, help="1: dense models; then who needs the waves before"
    )
    job.add_argument(
        "--job", type=COUNT, required=True, help="number of the experiment in its wave, from 1"
    )
    job.add_argument("--ngpu", type=COUNT_OR_NONE, default=0)
    status = action("status", "what is done, running, failed and left")
    status.add_argument(
        "--jobs",
        type=COUNT,
        help="experiments at a time, for the time left; as many as are running",
    )
    status.add_argument(
        "--watch", type=Number(BETWEEN_LOOKS), metavar="SECONDS", help="show it again and again"
    )
    results = action("results", "write the tables and figures of what is there")
    pack = action("pack", "put the records of what is done into a file, without models")
    for of_study in (begin, job, status, results, pack):
        of_study.add_argument("results", type=path, help="results/NAME")
    unpack = action("unpack", "take such records for done, in this clone")
    claims = action("claims", "judge the paper's claims by several studies at once")
    claims.add_argument(
        "results", type=path, nargs="+", help="results/NAME, or where these were kept"
    )
    redraw = action("redraw", "make a kept study's figures again, from its results alone")
    redraw.add_argument(
        "results", type=path, help="where they were kept, such as egs2/cldr/studies/curves"
    )
    redraw.add_argument(
        "--out", type=path, help="directory for all figures; those that are there, by default"
    )
    for of_archive in (pack, unpack):
        of_archive.add_argument("archive", type=path, metavar="FILE", help="FILE.tar.xz")
    return parser


def _study_of(folder: Path) -> Study:
    if not (folder / KEPT).is_file():
        raise UserError(
            f"{folder}: expected a study's results, with its {KEPT}; ./run.sh --profile NAME "
            f"begins one"
        )
    name, file = folder.absolute().name, Path(from_root(folder / KEPT))
    # Its paths are from there, as ./run.sh reads them, wherever this is called from.
    with chdir(ROOT):
        return Study.read(file, name=name)


def _begin(study: Path, folder: Path) -> None:
    set_aside_damaged(Study.read(study))
    write_text(folder / KEPT, study.read_text(encoding="utf-8"))


def _status(study: Study, folder: Path, jobs: int | None, watch: float | None) -> None:
    while True:
        standing = standings(study, folder / "log")
        running = sum(experiment.state is State.RUNNING for experiment in standing)
        text = describe(standing, jobs or running or settings.StudySettings().jobs)
        lacking = unmeasured(study, standing)
        if lacking:
            text += f"\nexports are left to measure: {len(lacking)} experiments, such as "
            text += str(lacking[0].experiment.directory)
        if watch:
            clear_terminal()
        print(f"{time.ctime()}\n{text}" if watch else text, flush=True)
        if not watch:
            return
        time.sleep(watch)


def _pack(study: Study, archive: Path) -> None:
    # Imported here: torch takes seconds.
    from parp_espnet.study.archive import pack  # noqa: PLC0415

    packed = pack(study.experiments, ROOT, archive)
    size = archive.stat().st_size / 1e6
    print(f"{archive}: {len(packed.done)} of {len(study.experiments)} experiments, {size:.1f} MB")
    if packed.left_out:
        print(printable(f"left out: {packed.left_out}"))


def _unpack(archive: Path) -> None:
    # Imported here: torch takes seconds.
    from parp_espnet.study.unpacking import unpack  # noqa: PLC0415

    unpacked = unpack(archive, ROOT)
    print(
        f"{archive}: {len(unpacked.restored)} experiments unpacked, {len(unpacked.present)} were "
        f"there already"
    )


def _claims(folders: Sequence[Path]) -> None:
    # Imported here: numpy takes a second.
    from parp_espnet.study.verdicts import untested, verdicts  # noqa: PLC0415

    print(verdicts(folders), end="")
    if lacking := untested(folders):
        print(f"\n{lacking}", end="")


def _redraw(folder: Path, out: Path | None) -> None:
    # Imported here: matplotlib takes a second.
    from parp_espnet.study.redraw import redraw  # noqa: PLC0415

    for figure in redraw(folder, out):
        print(figure)


def _results(study: Study, folder: Path) -> None:
    # Imported here: torch and matplotlib take seconds, and the other sub-commands need neither.
    from parp_espnet.study.summary import write_summary  # noqa: PLC0415

    write_summary(study, folder)


if __name__ == "__main__":
    main()
