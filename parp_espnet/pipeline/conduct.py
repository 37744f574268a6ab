"""Runs the stages of an experiment, or shows them: one process for all that is not a job."""

import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from parp_espnet.errors import printable
from parp_espnet.locks import held
from parp_espnet.pipeline.acts import Act, Command, First, LeftOut, Planned
from parp_espnet.pipeline.follow import follow
from parp_espnet.pipeline.kept import keep, options_json
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import LOCK
from parp_espnet.pipeline.running import run
from parp_espnet.pipeline.step import Step, describe, overdue
from parp_espnet.progress import say
from parp_espnet.pruning.origin import EXPERIMENT


class FailedError(Exception):
    """A command has failed, and said why; `code` is its own."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


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
            _warn(act)
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

    Raises:
        FailedError: the first command that failed.
        UserError: another run has the experiment, or what a step raises.
    """
    exp = experiment.exp
    place = exp if exp.is_absolute() else Path.cwd() / exp
    (exp / "log").mkdir(parents=True, exist_ok=True)
    with held(exp / LOCK, str(place), experiment.settings.wait):
        keep(experiment.settings, exp)
        _log(experiment, f"experiment in {place}")
        for act in experiment.acts():
            _do(experiment, act)


def _do(experiment: Planned, act: Act) -> None:
    if isinstance(act, First):
        _log_need(experiment, act)
        conduct(act.experiment)
        return
    if isinstance(act, LeftOut):
        _warn(act)
        return
    code = run(act) if isinstance(act, Step) else _run(act)
    if code != 0:
        raise FailedError(code)


def _run(command: Command) -> int:
    return follow(command.words, command.label, (), None)


def _warn(left_out: LeftOut) -> None:
    """Say which step that is left out would be made again, and how many others."""
    warnings = []
    for step in left_out.steps:
        reason = overdue(step)
        if reason is not None:
            warnings.append(f"{step.label} {step.record.stem} would be made again, since {reason}")
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        told = "this call leaves that stage out and goes on with what is there"
        say(printable(f"warning: {warnings[0]}{more}; {told}"))


def _log_need(experiment: Planned, first: First) -> None:
    needed = first.experiment.settings.tag
    method = experiment.settings.method
    _log(experiment, f"{first.label}: {method} needs the experiment {needed}")


def _log(experiment: Planned, words: str) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S")
    name = experiment.settings.recipe.name
    print(f"{now} ({name} {experiment.settings.tag}) {words}", file=sys.stderr, flush=True)
