"""The Python processes that a command starts: they run this project, and nothing that lies in the
present directory.

As a script, which path.sh runs before anything else can be imported, it prints what PYTHONPATH is
to be.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's directory, in which the package is."""


def shield_children() -> None:
    """Let Pythons that are started from here leave the present directory out of their path.

    `python -m` and `-c`, by which multiprocessing starts its processes too, look there first: a
    file called `yaml.py` or a checkout of another version would run. They find this package by
    `PYTHONPATH`, where it may not be installed.
    A variable that is set already stays as it is.
    """
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(ROOT) not in others:
        others.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = os.pathsep.join(others)


def unshielded() -> dict[str, str]:
    """Return the environment of commands that are the user's: a script of theirs may import what
    lies beside it.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}


CUSTOM = frozenset({"sitecustomize", "usercustomize", "__pycache__"})
"""What may stand in any directory of `PYTHONPATH`."""
SHOWN = 3


def kept_paths(paths: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Divide the directories of a `PYTHONPATH` into those that add modules and those that replace
    some.

    What lies in such a directory comes before Python's own modules and the environment's: a module
    of a cluster's, say, or a checkout of ESPnet of another version.

    Returns:
        the directories to keep, this project's first; by each other one, the modules that it would
        replace.
    """
    kept = [str(ROOT)]
    replacing: dict[str, list[str]] = {}
    for path in paths:
        if not path or (Path(path).exists() and Path(path).samefile(ROOT)):
            continue
        known = sorted(name for name in _modules_in(Path(path)) if _is_known(name))
        if known:
            replacing[path] = known
        elif path not in kept:
            kept.append(path)
    return kept, replacing


def _modules_in(folder: Path) -> Iterator[str]:
    """The names of the modules and packages in a directory."""
    try:
        files = list(folder.iterdir())
    except OSError:
        return
    for file in files:
        if file.suffix in (".py", ".so") or (file / "__init__.py").is_file():
            yield file.name.partition(".")[0]


def _is_known(name: str) -> bool:
    """Whether Python or its environment has a module of that name; run isolated, without
    `PYTHONPATH`.
    """
    if name in CUSTOM:
        return False
    if name in sys.stdlib_module_names:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


if __name__ == "__main__":
    kept, replacing = kept_paths(os.environ.get("PYTHONPATH", "").split(os.pathsep))
    for path, names in replacing.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        print(
            f"warning: PYTHONPATH: {path!a} is left out: its {', '.join(names[:SHOWN])}{more} "
            f"would run in "
            "place of Python's or the environment's",
            file=sys.stderr,
        )
    sys.stdout.buffer.write(os.fsencode(os.pathsep.join(kept)))
