"""Runs the stages of an experiment, or shows them: one process for all that is not a job."""

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from parp_espnet.errors import printable
from parp_espnet.files import looks_of
from parp_espnet.locks import Uses, held
from parp_espnet.pipeline.acts import Act, Command, First, LeftOut, Planned
from parp_espnet.pipeline.follow import follow
from parp_espnet.pipeline.kept import keep, options_json
from parp_espnet.pipeline.mask_checks import check_mask
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.pipeline.running import InUseError, keep_left, run
from parp_espnet.pipeline.step import Step, describe, overdue
from parp_espnet.progress import say
from parp_espnet.pruning.origin import EXPERIMENT

LEFT_OUT = "this call leaves that stage out and goes on with what is there"
CHANGED = "that changed during this run; the same command mends it"


class FailedError(Exception):
    """A command has failed, and said why; `code` is its own."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class _Course:
    """What a run has done so far."""

    uses: Uses
    steps: list[Step] = field(default_factory=list)
    """All that were complete, or are now."""
    has_run: bool = False
    """Whether one of them was not."""

    def run(self, step: Step) -> int:
        """Run a step; return its command's exit code."""
        before = looks_of(step.record)
        code = run(step, self.uses)
        self.has_run = self.has_run or looks_of(step.record) != before
        self.steps.append(step)
        return code


def show(experiment: Planned) -> None:
    """Print what `conduct` would run, a line each, with what is complete.

    It begins with what a shell needs into which the lines are pasted.
    """
    for line in _before(experiment):
        print(line)
    for act in experiment.acts():
        if isinstance(act, First):
            _log_need(experiment, act)
            show(act.experiment)
        elif isinstance(act, LeftOut):
            _warn(act.steps, LEFT_OUT)
        elif isinstance(act, Step):
            print(describe(act))
        else:
            print(f"{act.label}: {shlex.join(act.words)}")


def _before(experiment: Planned) -> Iterator[str]:
    settings, exp = experiment.settings, experiment.exp
    yield f"cd {_quoted(settings.recipe)} && . {_quoted(ROOT / 'path.sh')}"
    for name, value in experiment.exported.items():
        yield f"export {name}={_quoted(value)}"
    kept = options_json(replace(settings, dry_run=False))
    file = _quoted(exp / EXPERIMENT)
    yield f"mkdir -p {_quoted(exp)} && echo {_quoted(kept)} >{file}"


def _quoted(word: object) -> str:
    return shlex.quote(str(word))


def conduct(experiment: Planned) -> None:
    """Run the stages that are wanted, in the recipe's directory.

    What it reads of what several runs share stays what it is until it has ended.

    Raises:
        FailedError: the first command that failed.
        UserError: the mask that it is given is none to begin with; another run has the experiment,
            or reads what would be made anew; or what a step raises.
    """
    check_mask(experiment.settings)
    while True:
        try:
            with Uses(str(_place(experiment))) as uses:
                course = _Course(uses)
                _conduct(experiment, course)
                if course.has_run:
                    _warn(course.steps, CHANGED)
                return
        except InUseError as error:
            if not experiment.settings.wait:
                raise
            # All that was held is given back: else two that wait for each other would for ever.
            say(f"{error.words}; waiting for it")
            error.wait()


def _conduct(experiment: Planned, course: _Course) -> None:
    exp, place = experiment.exp, _place(experiment)
    (exp / "log").mkdir(parents=True, exist_ok=True)
    with held(exp / LOCK, str(place), experiment.settings.wait):
        keep(experiment.settings, exp)
        _log(experiment, f"experiment in {place}")
        for act in experiment.acts():
            _do(experiment, act, course)


def _place(experiment: Planned) -> Path:
    exp = experiment.exp
    return exp if exp.is_absolute() else Path.cwd() / exp


def _do(experiment: Planned, act: Act, course: _Course) -> None:
    if isinstance(act, First):
        _log_need(experiment, act)
        _conduct(act.experiment, course)
        return
    if isinstance(act, LeftOut):
        for step in act.steps:
            keep_left(step, course.uses)
        _warn(act.steps, LEFT_OUT)
        return
    code = course.run(act) if isinstance(act, Step) else _run(act)
    if code != 0:
        raise FailedError(code)


def _run(command: Command) -> int:
    return follow(command.words, command.label, (), None)


def _warn(steps: Sequence[Step], told: str) -> None:
    """Say which step would be made again, how many others, and what follows from it."""
    warnings = []
    for step in steps:
        reason = overdue(step)
        if reason is not None:
            warnings.append(f"{step.label} {step.record.stem} would be made again, since {reason}")
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        say(printable(f"warning: {warnings[0]}{more}; {told}"))


def _log_need(experiment: Planned, first: First) -> None:
    needed = first.experiment.settings.tag
    method = experiment.settings.method
    _log(experiment, f"{first.label}: {method} needs the experiment {needed}")


def _log(experiment: Planned, words: str) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S")
    name = experiment.settings.recipe.name
    print(f"{now} ({name} {experiment.settings.tag}) {words}", file=sys.stderr, flush=True)
