"""The Python processes that a command starts: they run this project, and nothing that lies in the present directory."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's directory, in which the package is."""


def shield_children() -> None:
    """Let Pythons that are started from here leave the present directory out of their path.

    `python -m` and `-c`, by which multiprocessing starts its processes too, look there first: a file called `yaml.py`
    or a checkout of another version would run. They find this package by `PYTHONPATH`, where it may not be installed.
    A variable that is set already stays as it is.
    """
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(ROOT) not in others:
        others.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = os.pathsep.join(others)


def unshielded() -> dict[str, str]:
    """Return the environment of commands that are the user's: a script of theirs may import what lies beside it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
