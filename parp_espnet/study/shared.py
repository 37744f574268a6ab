"""What experiments of a study share, such as a set of data, and would make of different options:
each would undo what another one has made, before or while that reads it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.glue.experiment import TextExperiment
from parp_espnet.glue.settings import STAGES as STAGES_OF_TEXT
from parp_espnet.glue.settings import Settings as TextSettings
from parp_espnet.glue.stages import TEXT
from parp_espnet.pipeline.acts import LOCAL, Queues, stages_of
from parp_espnet.pipeline.call_options import STAGES as STAGES_OF_SPEECH
from parp_espnet.pipeline.experiment import SpeechExperiment
from parp_espnet.pipeline.pruning import Experiment as Settings
from parp_espnet.pipeline.settings import Settings as SpeechSettings
from parp_espnet.pipeline.stages import SPEECH
from parp_espnet.pipeline.step import Step
from parp_espnet.study.experiment import Experiment

QUEUES = Queues(LOCAL, "", "", "", "")
"""Where jobs run changes nothing of what a step makes."""


def check_shared(made: Sequence[Experiment], where: object) -> None:
    """Raise `UserError`, which begins with `where`, for experiments that would make something at
    the same place by other commands; one line for each two arms.
    """
    first: dict[Path, tuple[Experiment, Step]] = {}
    faults: list[str] = []
    for experiment in made:
        for step in _steps_beside(experiment):
            record = experiment.settings.recipe / step.record
            other, before = first.setdefault(record, (experiment, step))
            if before.command != step.command:
                faults.append(_fault(other, experiment, before, step))
                break
    faults = list(dict.fromkeys(faults))
    if faults:
        head = f"{where}: " if len(faults) == 1 else f"{where}: {len(faults)} faults\n    "
        raise UserError(head + "\n    ".join(faults))


def _steps_beside(experiment: Experiment) -> Iterator[Step]:
    """The steps of an experiment that leave, outside of its own directory, what others of its
    steps read.
    """
    planned = _planned(experiment.settings)
    steps = [act for act in planned.acts() if isinstance(act, Step)]
    read: set[Path] = set()
    for step in steps:
        read.update(step.inputs, step.recordings, step.formatted, step.optional)
    for step in steps:
        if step.record.is_relative_to(planned.exp):
            continue
        if not read.isdisjoint((*step.outputs, *step.editable)):
            yield step


def _planned(settings: Settings) -> Any:
    if isinstance(settings, TextSettings):
        return TextExperiment(settings, QUEUES, stages_of(STAGES_OF_TEXT, TEXT))
    assert isinstance(settings, SpeechSettings)
    return SpeechExperiment(settings, QUEUES, stages_of(STAGES_OF_SPEECH, SPEECH))


def _fault(first: Experiment, second: Experiment, before: Step, after: Step) -> str:
    arms = f"arms {first.arm} and {second.arm}"
    if first.arm == second.arm:
        arms = f"arm {first.arm}"
    place = second.recipe / before.record.parent.parent
    own, others = _options(before), _options(after)
    told = next((option for option in own if option not in others), "less")
    now = next((option for option in others if option not in own), "less")
    return (
        f"{arms}: expected one {before.record.stem} in {place}, which its experiments share, found "
        f"one made with {told} and one with {now}: each undoes the other; put them into studies of "
        f"their own"
    )


def _options(step: Step) -> list[str]:
    """A command's options, each with its values."""
    options: list[str] = []
    for word in step.command:
        if options and not word.startswith("--"):
            options[-1] += f" {word}"
        else:
            options.append(word)
    return options
