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
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from parp_espnet.errors import UserError, clear_terminal, command
from parp_espnet.files import write_text
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study import settings
from parp_espnet.study.plan import Combined, Experiment, Study
from parp_espnet.study.state import (
    FIRST_LINE,
    PROGRESS,
    State,
    describe,
    failures,
    is_done,
    is_unpacked,
    listing,
    note_job,
    set_aside_damaged,
    standings,
)

KEPT = "study.yaml"
"""The study's file, as it was when the study was run last, in its results."""


@command
def main() -> None:
    """Run one of the sub-commands."""
    if sys.argv[1:2] == ["plan"]:
        _plan(sys.argv[2:])
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
        _job(study, options.wave, options.job, options.ngpu)
    elif options.action == "status":
        _status(study, folder, options.jobs, options.watch)
    elif options.action == "pack":
        _pack(study, options.archive)
    else:
        _results(study, folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parp-study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True)
    begin = actions.add_parser("begin", help="keep a study's file with its results")
    begin.add_argument("study", type=Path, help="the study's YAML")
    job = actions.add_parser("job", help="run one experiment of a wave")
    job.add_argument(
        "--wave", type=int, required=True, help="1: dense models; then who needs the waves before"
    )
    job.add_argument(
        "--job", type=int, required=True, help="number of the experiment in its wave, from 1"
    )
    job.add_argument("--ngpu", type=int, default=0)
    status = actions.add_parser("status", help="what is done, running, failed and left")
    status.add_argument(
        "--jobs", type=int, help="experiments at a time, for the time left; as many as are running"
    )
    status.add_argument("--watch", type=float, metavar="SECONDS", help="show it again and again")
    results = actions.add_parser("results", help="write the tables and figures of what is there")
    pack = actions.add_parser(
        "pack", help="put the records of what is complete into a file, without models"
    )
    for action in (begin, job, status, results, pack):
        action.add_argument("results", type=Path, help="results/NAME")
    unpack = actions.add_parser("unpack", help="take such records for done, in this clone")
    claims = actions.add_parser(
        "claims", help="judge the paper's claims by several studies at once"
    )
    claims.add_argument(
        "results", type=Path, nargs="+", help="results/NAME, or where these were kept"
    )
    redraw = actions.add_parser(
        "redraw", help="make a kept study's figures again, from its results alone"
    )
    redraw.add_argument(
        "results", type=Path, help="where they were kept, such as egs2/cldr/studies/curves"
    )
    redraw.add_argument(
        "--out", type=Path, help="directory for all figures; those that are there, by default"
    )
    for action in (pack, unpack):
        action.add_argument("archive", type=Path, metavar="FILE", help="FILE.tar.xz")
    return parser


def _study_of(folder: Path) -> Study:
    if not (folder / KEPT).is_file():
        raise UserError(
            f"{folder}: expected a study's results, with its {KEPT}; ./run.sh --profile NAME "
            f"begins one"
        )
    return Study.read(folder / KEPT, name=folder.name)


def _plan(arguments: Sequence[str]) -> None:
    """Print what run.sh needs, as shell variables; paths are from the project's directory."""
    options = settings.read(arguments)
    study = Study.read(options.file)
    out = Path("results", study.name)
    if options.dry_run:
        found = standings(study, ROOT / out / "log")
        print(
            listing(found), describe(found, options.jobs), sep="\n\n", end="\n\n", file=sys.stderr
        )
    wanted = range(options.stage, options.stop_stage + 1)
    file = options.file.relative_to(ROOT) if options.file.is_relative_to(ROOT) else options.file
    print(f"study={shlex.quote(str(file))}")
    print(f"profile={shlex.quote(study.name)}")
    print(f"dry_run={str(options.dry_run).lower()}")
    print(f"ngpu={options.ngpu}")
    print(f"max_jobs_run={options.jobs}")
    print(f"stages={shlex.quote(' '.join(map(str, wanted)))}")
    names = " ".join(f"[{number}]={shlex.quote(name)}" for number, name in settings.STAGES.items())
    print(f"stage_names=({names})")
    preparations = study.preparations()
    print(f"preparations={len(preparations)}")
    for number, words in enumerate(preparations, start=1):
        print(f"prepare_{number}=({shlex.join(words)})")
    waves = study.waves()
    print(f"waves=({' '.join(str(len(wave)) for wave in waves)})")
    for number, wave in enumerate(waves, start=1):
        finetunings = study.finetunings(wave)
        print(f"updates_{number}={sum(finetunings.values())}")
        print(f"progress_{number}=({_words(directory / PROGRESS for directory in finetunings)})")
        print(f"results_{number}=({_words(one.result for one in wave)})")
        print(f"folders_{number}=({_words(folder for one in wave for folder in one.folders)})")


def _words(paths: Iterable[Path]) -> str:
    return shlex.join(map(str, paths))


def _begin(study: Path, folder: Path) -> None:
    set_aside_damaged(Study.read(study))
    write_text(folder / KEPT, study.read_text(encoding="utf-8"))


def _job(study: Study, wave: int, job: int, ngpu: int) -> None:
    waves = study.waves()
    if not 1 <= wave <= len(waves) or not 1 <= job <= len(waves[wave - 1]):
        raise UserError(f"study {study.name}: there is no job {job} in wave {wave}")
    experiment = waves[wave - 1][job - 1]
    print(f"{FIRST_LINE}{experiment.directory}", flush=True)
    begin, completes = time.monotonic(), not is_done(experiment)
    if is_unpacked(experiment):
        print("its records were unpacked here: skipped", flush=True)
    else:
        sparsity = (
            [] if experiment.combined is None else ["--sparsity", _combine(experiment.combined)]
        )
        _run(experiment, [*sparsity, "--ngpu", str(ngpu)])
        if study.exports:
            _measure(experiment, study.exports)
    for masked in study.masks_of(experiment):
        # Now, so that whoever begins with another language's mask finds it.
        if not is_unpacked(masked):
            _run(masked, ["--ngpu", str(ngpu), "--stop_stage", str(masked.settings.MASKED)])
    if completes:
        note_job(experiment, time.monotonic() - begin)


def _measure(experiment: Experiment, formats: Sequence[str]) -> None:
    """Measure its exports, on one thread, in a process that ends with what it has loaded."""
    module = "parp_espnet.bin.measure_exports"
    words = [sys.executable, "-m", module, str(ROOT / experiment.directory), "--to", *formats]
    done = subprocess.run(words, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode != 0:
        sys.exit(done.returncode)


def _combine(combined: Combined) -> str:
    """Make a mask of others; return its sparsity."""
    # Imported here: torch takes seconds.
    from parp_espnet.pruning.combine import combine  # noqa: PLC0415
    from parp_espnet.pruning.masks import Mask  # noqa: PLC0415

    masks = [Mask.load(ROOT / path) for path in combined.masks]
    made = combine(masks, combined.how, [str(path) for path in combined.masks])
    made.save(ROOT / combined.path)
    return repr(made.sparsity)


def _run(experiment: Experiment, more: Sequence[str]) -> None:
    script = ROOT / experiment.recipe / "run.sh"
    done = subprocess.run([str(script), *experiment.options, "--wait", "true", *more], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def _status(study: Study, folder: Path, jobs: int | None, watch: float | None) -> None:
    while True:
        found = standings(study, folder / "log")
        running = sum(one.state is State.RUNNING for one in found)
        text = describe(found, jobs or running or settings.StudySettings().jobs)
        if watch:
            clear_terminal()
        print(f"{time.ctime()}\n{text}" if watch else text, flush=True)
        if not watch:
            return
        time.sleep(watch)


def _pack(study: Study, archive: Path) -> None:
    # Imported here: torch takes seconds.
    from parp_espnet.study.archive import pack  # noqa: PLC0415

    count = pack(study.experiments, ROOT, archive)
    size = archive.stat().st_size / 1e6
    print(f"{archive}: {count} of {len(study.experiments)} experiments, {size:.1f} MB")


def _unpack(archive: Path) -> None:
    # Imported here: torch takes seconds.
    from parp_espnet.study.archive import unpack  # noqa: PLC0415

    found = unpack(archive, ROOT)
    print(
        f"{archive}: {len(found.restored)} experiments unpacked, {len(found.present)} were there "
        f"already"
    )


def _claims(folders: Sequence[Path]) -> None:
    # Imported here: numpy takes a second.
    from parp_espnet.study.verdicts import verdicts  # noqa: PLC0415

    print(verdicts(folders), end="")


def _redraw(folder: Path, out: Path | None) -> None:
    # Imported here: matplotlib takes a second.
    from parp_espnet.study.redraw import redraw  # noqa: PLC0415

    for figure in redraw(folder, out):
        print(figure)


def _results(study: Study, folder: Path) -> None:
    # Imported here: torch and matplotlib take seconds, and the other sub-commands need neither.
    from parp_espnet.study.claims import claims  # noqa: PLC0415
    from parp_espnet.study.collect import collect  # noqa: PLC0415
    from parp_espnet.study.figures.all import draw  # noqa: PLC0415
    from parp_espnet.study.gather import gather  # noqa: PLC0415
    from parp_espnet.study.markdown import decoded, nature, report  # noqa: PLC0415
    from parp_espnet.study.report import page  # noqa: PLC0415
    from parp_espnet.study.table import table  # noqa: PLC0415

    found = standings(study, folder / "log")
    done = collect(
        [one for one in study.experiments if is_done(one)], ROOT, folder / "results.json"
    )
    results, evidence = [one.result for one in done], gather(done)
    evidence.write(folder / "evidence.json")
    judged = claims(results, evidence)
    captions = draw(results, evidence, folder)
    warning = evidence.warning.replace(f"{ROOT}/", "")
    notes = [
        nature(results).replace("`", ""),
        decoded(results),
        describe(found, jobs=1).splitlines()[0] + ".",
    ]
    notes = [note for note in [*notes, warning and f"Warning: {warning}."] if note]
    commands = {
        one.directory: shlex.join([f"{one.recipe}/run.sh", *one.options])
        for one in study.experiments
    }
    html = page(study.name, results, evidence, judged, captions, notes, commands)
    write_text(folder / "report.html", html.replace(f"{ROOT}/", ""))
    figures = {svg.stem: caption for svg, caption in captions.items()}
    write_text(folder / "RESULTS.md", report(study.name, results, judged, figures, warning))
    print(table(results), end="")
    if warning:
        print(f"warning: {warning}", file=sys.stderr)
    print(
        ", ".join(
            str(folder / name)
            for name in ("report.html", "RESULTS.md", "results.json", "evidence.json")
        )
    )
    failures(found)


if __name__ == "__main__":
    main()
