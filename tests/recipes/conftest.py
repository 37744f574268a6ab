"""The steps of a template, as a dry run plans them."""

import ast
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence

import pytest

from parp_espnet.bin.run_stages import read
from parp_espnet.pipeline.acts import First, Planned
from parp_espnet.pipeline.step import Step

TELL = """
import os, sys
if "parp_espnet.bin.run_stages" in sys.orig_argv:
    start = sys.orig_argv.index("parp_espnet.bin.run_stages") + 1
    queues = {
        name: word
        for name, word in os.environ.items()
        if name.startswith("cmd_") or name.endswith("_cmd")
    }
    with open(os.environ["PLANS"], "a") as file:
        file.write(repr((os.getcwd(), sys.orig_argv[start:], queues)) + "\\n")
"""
"""Every Python that a template starts reads this first."""


def steps_in(experiment: Planned) -> Iterator[Step]:
    """The steps of an experiment, with those of the finetunings that it needs."""
    for act in experiment.acts():
        if isinstance(act, Step):
            yield act
        elif isinstance(act, First):
            yield from steps_in(act.experiment)


@pytest.fixture(scope="session")
def steps_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Sequence[str]], tuple[list[Step], str]]:
    """A function that runs a template's command dry; returns its steps, and what it printed."""
    watch = tmp_path_factory.mktemp("watch")
    (watch / "sitecustomize.py").write_text(TELL)

    def capture(command: Sequence[str]) -> tuple[list[Step], str]:
        told = watch / "plans"
        told.write_text("")
        environment = os.environ | {
            "PYTHONPATH": str(watch),
            "PLANS": str(told),
            "OMP_NUM_THREADS": "1",
        }
        words = [*command, "--dry_run", "true"]
        shown = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        assert shown.returncode == 0, shown.stderr
        (line,) = told.read_text().splitlines()
        return steps_planned(*ast.literal_eval(line)), shown.stdout

    return capture


def steps_planned(folder: str, words: list[str], queues: dict[str, str]) -> list[Step]:
    """The steps that a command line of `run_stages` plans in a folder, with these queues."""
    with pytest.MonkeyPatch.context() as patch:
        for name, word in queues.items():
            patch.setenv(name, word)
        patch.chdir(folder)
        experiment = read(words)
        patch.chdir(experiment.settings.recipe)
        return list(steps_in(experiment))


@pytest.fixture(scope="session")
def name_of() -> Callable[[Step], str]:
    """A short name of a step, such as `format_train` or `decode dev`; a search has the decoding's
    in front.
    """

    def name(step: Step) -> str:
        folder = step.record.parent.parent
        if folder.parent.name.startswith("decode_"):
            decoding = folder.parent.name.removeprefix("decode_")
            return (
                f"{'' if decoding == 'greedy' else f'{decoding} '}{step.record.stem} {folder.name}"
            )
        parent = "" if folder.name in ("data", "dump", "raw", "org", "stale") else f"{folder.name} "
        return parent + step.record.stem

    return name
