"""Plan a study, run one of its jobs, or put its results together; `./run.sh` calls it.

python3 -m parp_espnet.bin.study plan [options of run.sh]
python3 -m parp_espnet.bin.study job --study conf/study/quick.yaml --wave 1 --job 2
python3 -m parp_espnet.bin.study results --study conf/study/quick.yaml --out results/quick
"""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from parp_espnet.errors import UserError, command
from parp_espnet.files import write_text
from parp_espnet.pipeline.settings import ROOT
from parp_espnet.study import settings
from parp_espnet.study.collect import collect
from parp_espnet.study.figure import draw
from parp_espnet.study.plan import Experiment, Study
from parp_espnet.study.table import report, table


@command
def main() -> None:
    """Run one of the sub-commands."""
    if sys.argv[1:2] == ["plan"]:
        _plan(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description="Plan, run and collect a study.", allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True)
    job = actions.add_parser("job", help="run one experiment of a wave")
    job.add_argument("--wave", type=int, required=True, help="1: dense models; 2: the others")
    job.add_argument("--job", type=int, required=True, help="number of the experiment in its wave, from 1")
    job.add_argument("--ngpu", type=int, default=0)
    results = actions.add_parser("results", help="write results.json, RESULTS.md and the figure")
    results.add_argument("--out", type=Path, required=True, help="results/NAME")
    for action in (job, results):
        action.add_argument("--study", type=Path, required=True, help="the study's YAML")
    options = parser.parse_args()
    if options.action == "job":
        _job(Study.read(options.study), options.wave, options.job, options.ngpu)
    else:
        _results(Study.read(options.study), options.out)


def _plan(arguments: Sequence[str]) -> None:
    """Print what run.sh needs, as shell variables; paths are from the project's directory."""
    options = settings.read(arguments)
    study = Study.read(options.file)
    wanted = range(options.stage, options.stop_stage + 1)
    print(f"study={shlex.quote(str(options.file.relative_to(ROOT)))}")
    print(f"profile={shlex.quote(options.profile)}")
    print(f"dry_run={str(options.dry_run).lower()}")
    print(f"ngpu={options.ngpu}")
    print(f"max_jobs_run={options.jobs}")
    print(f"stages={shlex.quote(' '.join(map(str, wanted)))}")
    names = " ".join(f"[{number}]={shlex.quote(name)}" for number, name in settings.STAGES.items())
    print(f"stage_names=({names})")
    recipes = dict.fromkeys(one.recipe for one in study.experiments)
    print(f"recipes=({_words(recipes)})")
    # Data, upstream and statistics are the same for all methods; the dense one needs no mask first.
    print(f"prepare=({shlex.join([*study.options, '--method', 'dense', '--stop_stage', '7'])})")
    for number, wave in enumerate(study.waves(), start=1):
        print(f"jobs_{number}={len(wave)}")
        print(f"updates_{number}={sum(one.settings.updates for one in wave)}")
        print(f"progress_{number}=({_words(one.directory / 'progress.json' for one in wave)})")
        print(f"results_{number}=({_words(one.directory / 'result.json' for one in wave)})")


def _words(paths: Iterable[Path]) -> str:
    return shlex.join(map(str, paths))


def _job(study: Study, wave: int, job: int, ngpu: int) -> None:
    waves = study.waves()
    if not 1 <= wave <= len(waves) or not 1 <= job <= len(waves[wave - 1]):
        raise UserError(f"study {study.name}: there is no job {job} in wave {wave}")
    experiment = waves[wave - 1][job - 1]
    _run(experiment, ["--ngpu", str(ngpu)])
    for masked in study.masks_of(experiment):
        # Now, so that whoever begins with another language's mask finds it.
        _run(masked, ["--ngpu", str(ngpu), "--stop_stage", "6"])


def _run(experiment: Experiment, more: Sequence[str]) -> None:
    script = ROOT / experiment.recipe / "run.sh"
    done = subprocess.run([str(script), *experiment.options, "--wait", "true", *more], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def _results(study: Study, out: Path) -> None:
    files = [one.directory / "result.json" for one in study.experiments]
    results = collect([ROOT / file for file in files], out / "results.json")
    write_text(out / "RESULTS.md", report(study.name, results))
    draw(results, out)
    print(table(results), end="")
    print(f"{out / 'results.json'}, {out / 'RESULTS.md'}, {out / 'per.png'}, {out / 'per.svg'}")


if __name__ == "__main__":
    main()
