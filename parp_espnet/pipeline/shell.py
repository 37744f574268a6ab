"""What a template's plan prints, for the shell to evaluate: settings, and what follows from them."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from parp_espnet.pipeline.pruning import Experiment


def plain(value: object) -> str:
    """Return a setting as an option's value: nothing for None, and Python's truth values in lower case."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain_settings(settings: Experiment) -> dict[str, str]:
    """Return all settings as the shell wants them, by name."""
    return {name: plain(value) for name, value in asdict(settings).items()}


def settings_json(settings: Experiment) -> str:
    """Return all settings as the line that is kept in an experiment's `settings.json`."""
    values = asdict(settings).items()
    kept = {
        name: value if value is None or isinstance(value, bool | int | float) else str(value) for name, value in values
    }
    return json.dumps(kept, ensure_ascii=False)


def show_plan(variables: Mapping[str, str], arrays: Mapping[str, Sequence[str]], stages: Mapping[int, str]) -> None:
    """Print one assignment a line, quoted for the shell: variables, arrays of words, and the stages' names."""
    for name, value in variables.items():
        print(f"{name}={shlex.quote(value)}")
    for name, words in arrays.items():
        print(f"{name}=({shlex.join(words)})")
    names = " ".join(f"[{number}]={shlex.quote(name)}" for number, name in stages.items())
    print(f"stage_names=({names})")
