"""One job of a study: an experiment, and the masks that can be made once it is complete."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import zip_longest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.scoring.result import UNPACKED
from parp_espnet.study.complete import done_directories, is_unpacked, models_needed
from parp_espnet.study.experiment import Combined, Experiment
from parp_espnet.study.plan import Study
from parp_espnet.study.state import FIRST_LINE, note_job


def run_job(study: Study, wave: int, job: int, ngpu: int) -> None:
    """Run a job of a wave, both from 1, on so many GPUs; ends the process where it fails, which is
    at the end where only exports could not be measured.

    Raises `UserError` when there is no such job.
    """
    waves = study.waves()
    if not 1 <= wave <= len(waves) or not 1 <= job <= len(waves[wave - 1]):
        raise UserError(f"study {study.name}: there is no job {job} in wave {wave}")
    experiment = waves[wave - 1][job - 1]
    print(f"{FIRST_LINE}{experiment.directory}", flush=True)
    failed = 0
    done = done_directories(study)
    again = experiment.directory in models_needed(study, done)
    begin, completes = time.monotonic(), again or experiment.directory not in done
    if again:
        print("others need its model, which is not here: trained again", flush=True)
    if is_unpacked(experiment) and not again:
        print("its records were unpacked here: skipped", flush=True)
    else:
        more = ["--ngpu", str(ngpu)]
        if experiment.combined is not None:
            more = ["--sparsity", repr(make_combined(experiment.combined)), *more]
        _run(experiment, more)
        (ROOT / experiment.directory / UNPACKED).unlink(missing_ok=True)
        if study.exports:
            failed = measure_exports(experiment, study.exports)
    for masked in study.masks_of(experiment):
        # Now, so that whoever begins with another language's mask finds it.
        if not is_unpacked(masked):
            _run(masked, ["--ngpu", str(ngpu), "--stop_stage", str(masked.settings.MASKED)])
    if completes:
        note_job(experiment, time.monotonic() - begin)
    if failed:
        said = "its result stays, its exports were not measured; the same command tries them again"
        print(f"{experiment.directory}: {said}", file=sys.stderr)
        sys.exit(failed)


def measure_exports(experiment: Experiment, formats: Sequence[str]) -> int:
    """Measure what an experiment is exported as, on one thread, in a process that ends with what it
    has loaded; return its exit code.
    """
    module = "parp_espnet.bin.measure_exports"
    words = [sys.executable, "-m", module, str(ROOT / experiment.directory), "--to", *formats]
    done = subprocess.run(words, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return done.returncode


def make_combined(combined: Combined) -> float:
    """Make a mask of others; return its sparsity.

    Raises `UserError` where one of other masks is there: another study has an arm of that name.
    """
    # Imported here: torch takes seconds.
    from parp_espnet.pruning.combine import combine  # noqa: PLC0415
    from parp_espnet.pruning.masks import Mask  # noqa: PLC0415

    masks = [Mask.load(ROOT / path) for path in combined.masks]
    made = combine(masks, combined.how, [str(path) for path in combined.masks])
    place = ROOT / combined.path
    try:
        before = Mask.load(place).origin
    except UserError:
        # There is none, or a damaged one, which nothing can need.
        before = made.origin
    for now, then in zip_longest(made.origin.split(", "), before.split(", "), fillvalue="no other"):
        if now != then:
            raise UserError(
                f"{combined.path}: expected {now}, found {then} among the masks that it is made "
                f"of, as another study or this one of before made it under the same name; give the "
                f"arm another name, or remove the file where nothing needs it"
            )
    made.save(place)
    return made.sparsity


def _run(experiment: Experiment, more: Sequence[str]) -> None:
    script = ROOT / experiment.recipe / "run.sh"
    done = subprocess.run([str(script), *experiment.options, "--wait", "true", *more], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
