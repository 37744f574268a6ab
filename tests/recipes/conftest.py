"""The steps of a template, as a dry run hands them to `parp_espnet.bin.step`."""

import ast
import os
import subprocess
from collections.abc import Callable, Sequence

import pytest

from parp_espnet.bin.step import read
from parp_espnet.pipeline.step import Step

TELL = """
import os, sys
if "parp_espnet.bin.step" in sys.orig_argv:
    with open(os.environ["STEPS"], "a") as file:
        file.write(repr(sys.orig_argv[sys.orig_argv.index("parp_espnet.bin.step") + 1:]) + "\\n")
"""
"""Every Python that a template starts reads this first."""


@pytest.fixture(scope="session")
def steps_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Sequence[str]], tuple[list[Step], str]]:
    """A function that runs a template's command dry; returns its steps, and what it printed."""
    watch = tmp_path_factory.mktemp("watch")
    (watch / "sitecustomize.py").write_text(TELL)

    def capture(command: Sequence[str]) -> tuple[list[Step], str]:
        told = watch / "steps"
        told.write_text("")
        environment = os.environ | {
            "PYTHONPATH": str(watch),
            "STEPS": str(told),
            "OMP_NUM_THREADS": "1",
        }
        words = [*command, "--dry_run", "true"]
        shown = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        assert shown.returncode == 0, shown.stderr
        return [read(ast.literal_eval(line))[0] for line in told.read_text().splitlines()], shown.stdout

    return capture


@pytest.fixture(scope="session")
def name_of() -> Callable[[Step], str]:
    """A short name of a step, such as `format_train` or `decode dev`; a search has the decoding's in front."""

    def name(step: Step) -> str:
        folder = step.record.parent.parent
        if folder.parent.name.startswith("decode_"):
            decoding = folder.parent.name.removeprefix("decode_")
            return f"{'' if decoding == 'greedy' else f'{decoding} '}{step.record.stem} {folder.name}"
        parent = "" if folder.name in ("data", "dump", "raw", "org", "stale") else f"{folder.name} "
        return parent + step.record.stem

    return name
