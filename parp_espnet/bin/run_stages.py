"""Run the stages of one experiment, or show them: what phn.sh and glue.sh become.

python3 -m parp_espnet.bin.run_stages phn.sh 1=data 2=format … -- [options of phn.sh]
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from parp_espnet.errors import UserError, command
from parp_espnet.pipeline.acts import LOCAL, Planned, Queues, stages_of
from parp_espnet.pipeline.conduct import FailedError, conduct, show
from parp_espnet.queues import forks
from parp_espnet.queues.signals import unless_terminated


@command
def main() -> None:
    """Exit with the code of the first command that fails."""
    if sys.argv[1:] in ([], ["--help"]):
        print(f"usage: {__doc__}")
        return
    experiment = read(sys.argv[1:])
    os.chdir(experiment.settings.recipe)
    if experiment.settings.dry_run:
        show(experiment)
    else:
        os.environ.update(experiment.exported)
        if not experiment.uses_gpu:
            forks.allow()
        sys.exit(unless_terminated(lambda: _conducted(experiment)))


def read(words: Sequence[str]) -> Planned:
    """Return the experiment of a command line. Raises `UserError`."""
    program, *rest = words
    if program not in TEMPLATES or "--" not in rest:
        raise UserError(
            f"run_stages: expected TEMPLATE STAGES… -- OPTIONS…, found: {' '.join(words)}"
        )
    end = rest.index("--")
    declared: dict[int, str] = {}
    for word in rest[:end]:
        number, _, name = word.partition("=")
        if not number.isdecimal() or int(number) in declared:
            raise UserError(
                f"{program}: stage {number} {name!r}: expected a number that no other stage has"
            )
        declared[int(number)] = name
    return TEMPLATES[program](declared, rest[end + 1 :])


def _conducted(experiment: Planned) -> int:
    try:
        conduct(experiment)
    except FailedError as failed:
        return failed.code
    return 0


def speech(declared: Mapping[int, str], arguments: Sequence[str]) -> Planned:
    """Return the experiment of a command line of phn.sh. Raises `UserError`."""
    from parp_espnet.pipeline.command_line import read  # noqa: PLC0415
    from parp_espnet.pipeline.experiment import SpeechExperiment  # noqa: PLC0415
    from parp_espnet.pipeline.stages import SPEECH  # noqa: PLC0415

    settings = read(arguments)
    queues = Queues.of(os.environ)
    if settings.num_nodes > 1 and "parp_espnet.bin.run_local" in queues.cuda:
        raise UserError(
            f"phn.sh: --num_nodes {settings.num_nodes}: expected a queue with as many machines, "
            f"found cmd_backend={LOCAL}; choose another in cmd.sh, or before the command: "
            "cmd_backend=slurm"
        )
    return SpeechExperiment(settings, queues, stages_of(declared, SPEECH))


def text(declared: Mapping[int, str], arguments: Sequence[str]) -> Planned:
    """Return the experiment of a command line of glue.sh. Raises `UserError`."""
    from parp_espnet.glue.command_line import read  # noqa: PLC0415
    from parp_espnet.glue.experiment import TextExperiment  # noqa: PLC0415
    from parp_espnet.glue.stages import TEXT  # noqa: PLC0415

    return TextExperiment(read(arguments), Queues.of(os.environ), stages_of(declared, TEXT))


TEMPLATES: Mapping[str, Callable[[Mapping[int, str], Sequence[str]], Planned]] = {
    "phn.sh": speech,
    "glue.sh": text,
}

if __name__ == "__main__":
    main()
