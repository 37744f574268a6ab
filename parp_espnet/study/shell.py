"""A study's plan as run.sh reads it: shell variables."""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study import settings
from parp_espnet.study.beginnings import check_beginnings
from parp_espnet.study.complete import done_directories, is_unpacked, models_needed
from parp_espnet.study.plan import Study
from parp_espnet.study.shared import check_shared
from parp_espnet.study.state import PROGRESS, standings
from parp_espnet.study.status import describe, listing

TRAINS = {3, 4}
"""Stages of run.sh that train."""


def print_plan(arguments: Sequence[str]) -> None:
    """Print what run.sh needs, as shell variables; paths are from the project's directory."""
    options = settings.read(arguments)
    study = Study.read(options.file)
    if options.stage < max(settings.STAGES):  # else it has run, and is put together
        check_shared(study.experiments, options.file)
    out = Path("results", study.name)
    if options.dry_run:
        standing = standings(study, ROOT / out / "log")
        print(
            listing(standing),
            describe(standing, options.jobs),
            sep="\n\n",
            end="\n\n",
            file=sys.stderr,
        )
    wanted = range(options.stage, options.stop_stage + 1)
    done = done_directories(study)
    if not options.dry_run and TRAINS.intersection(wanted):
        left = [one for one in study.experiments if one.directory not in done]
        check_beginnings(study, left, options.file)
    # As it is called, and not where a link leads: the study has the file's name.
    file = options.file.relative_to(ROOT) if options.file.is_relative_to(ROOT) else options.file
    print(f"study={shlex.quote(str(file))}")
    print(f"profile={shlex.quote(study.name)}")
    print(f"dry_run={str(options.dry_run).lower()}")
    print(f"ngpu={options.ngpu}")
    print(f"max_jobs_run={options.jobs}")
    print(f"stages={shlex.quote(' '.join(map(str, wanted)))}")
    names = [f"[{number}]={shlex.quote(name)}" for number, name in settings.STAGES.items()]
    print(f"stage_names=({' '.join(names)})")
    preparations = study.preparations()
    print(f"preparations={len(preparations)}")
    for number, words in enumerate(preparations, start=1):
        print(f"prepare_{number}=({shlex.join(words)})")
    waves = study.waves()
    again = models_needed(study, done)
    elsewhere = {one.directory for one in filter(is_unpacked, study.experiments)} - again
    print(f"waves=({' '.join(map(str, map(len, waves)))})")
    for number, wave in enumerate(waves, start=1):
        finetunings = study.finetunings([one for one in wave if one.directory not in elsewhere])
        print(f"updates_{number}={sum(finetunings.values())}")
        print(f"progress_{number}=({_words(directory / PROGRESS for directory in finetunings)})")
        present: list[Path] = []
        folders: list[Path] = []
        for experiment in wave:
            present.append(experiment.result)
            if experiment.directory in again:
                # Without it a wave that was complete would not begin again.
                present.append(experiment.model)
            if experiment.directory not in elsewhere:
                folders += experiment.folders
        print(f"results_{number}=({_words(present)})")
        print(f"folders_{number}=({_words(folders)})")


def _words(paths: Iterable[Path]) -> str:
    return shlex.join(map(str, paths))
