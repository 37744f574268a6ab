"""An experiment's settings in words: as options have them, and as they are kept."""

import json
from dataclasses import asdict

from parp_espnet.pipeline.pruning import Experiment


def plain(value: object) -> str:
    """Return a setting as an option's value: nothing for None, and Python's truth values in lower
    case.
    """
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain_settings(settings: Experiment) -> dict[str, str]:
    """Return all settings as options have them, by name."""
    return {name: plain(value) for name, value in asdict(settings).items()}


def settings_json(settings: Experiment) -> str:
    """Return all settings as the line that is kept in an experiment's `settings.json`."""
    values = asdict(settings).items()
    kept = {
        name: value if value is None or isinstance(value, bool | int | float) else str(value)
        for name, value in values
    }
    return json.dumps(kept, ensure_ascii=False)
