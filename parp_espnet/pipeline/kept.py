"""`experiment.json`: an experiment's options as one file, which stages, trainings and results read.

    options     every option of the call that is running, or was the last
    differing   those that differ from their defaults, as results hold them
    trained     whose the weights are, and with which options: of the call that trained, or trains

A later call may decode a model otherwise, and does not change what it was trained with. Versions
before had two files for it, `settings.json` and `origin.json`; these are read as well.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_text
from parp_espnet.glue.settings import Settings as GlueSettings
from parp_espnet.pipeline.made import (
    Plain,
    languages_of,
    of_part,
    of_training,
    options_of,
    origin_of,
)
from parp_espnet.pipeline.options import DECODING, SCORING, options_of_class
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.methods import row_of
from parp_espnet.pruning.origin import EXPERIMENT, ORIGIN, TRAINED, said_of_training
from parp_espnet.pruning.settings import OF_GROWTH

OLD_SETTINGS = "settings.json"
"""What older versions called the options, without more around them."""
OF_COST = (
    *("method", "sparsity", "interval", "updates", "initial_mask", "first_mask"),
    *OF_GROWTH,
    *("teacher", "unlabelled", "labels_of"),
)
"""Options of a training that say which others were made for it."""


def file_of(directory: Path) -> Path:
    """Return the file that has an experiment's options; where there is none, its name of now."""
    file, old = directory / EXPERIMENT, directory / OLD_SETTINGS
    return old if old.is_file() and not file.is_file() else file


def load(path: Path) -> Experiment:
    """Return the options of an experiment, of speech or of text.

    Args:
        path: its directory, or the file in it.

    Raises:
        UserError: the file is missing, damaged or something else.
    """
    file, loaded = _options_at(path)
    if isinstance(loaded, dict) and "task" in loaded:
        return GlueSettings.of(loaded, str(file))
    return Settings.of(loaded, str(file))


def load_speech(path: Path) -> Settings:
    """Return those of an experiment on speech, as `load`."""
    file, loaded = _options_at(path)
    return Settings.of(loaded, str(file))


def load_text(path: Path) -> GlueSettings:
    """Return those of an experiment on text, as `load`."""
    file, loaded = _options_at(path)
    return GlueSettings.of(loaded, str(file))


def _options_at(path: Path) -> tuple[Path, Any]:
    file = file_of(path) if path.is_dir() else path
    return file, options_in(read_json(file))


def options_in(loaded: Any) -> Any:
    """The options of what a file held, of this version or an older one."""
    return loaded.get("options", loaded) if isinstance(loaded, dict) else loaded


def options_json(settings: Experiment) -> str:
    """Return an `experiment.json` on one line, with the options alone: the rest follows."""
    return json.dumps({"options": _plain(settings)}, ensure_ascii=False)


def keep(settings: Experiment, directory: Path) -> None:
    """Leave the options in an experiment's directory. Raises `UserError`.

    What is said of the training stays as it is. An older version's `settings.json` goes.
    """
    content: dict[str, Any] = {"options": _plain(settings), "differing": options_of(settings)}
    before = _before(directory)
    if TRAINED in before:
        content[TRAINED] = before[TRAINED]
    _write(directory, content, before)
    (directory / OLD_SETTINGS).unlink(missing_ok=True)


def keep_trained(settings: Experiment, directory: Path) -> None:
    """Leave in an experiment's directory whose it is, and with which options it is trained.

    What an older version has left says it as well, where it is the same.
    """
    now: dict[str, Any] = {}
    for name, word in origin_of(settings).as_dict().items():
        if word is not None:
            now[name] = word
    now["languages"] = languages_of(settings)
    now["options"] = of_training(options_of(settings))
    old = directory / ORIGIN
    before = _before(directory)
    if old.is_file() and TRAINED not in before and _read(old) == now:
        return
    options = {"options": before.get("options", _plain(settings))}
    _write(directory, {**options, **before, TRAINED: now}, before)
    old.unlink(missing_ok=True)


def trained_file(directory: Path) -> Path:
    """Return the file that says with which options an experiment was trained.

    One of an older version goes on to be that until another training is made.
    """
    is_new = TRAINED in _before(directory)
    return directory / (EXPERIMENT if is_new else ORIGIN)


def options_of_result(settings: Settings, directory: Path, decoded_so: bool) -> dict[str, Plain]:
    """Return the options of a scored decoding: those that the model was trained with, and those of
    the decoding.

    Args:
        settings: of the call that scores, which may have other options of training than the one
            that trained.
        directory: the experiment's.
        decoded_so: whether it is the decoding that the settings describe, and not one made beside
            it.

    Raises:
        UserError: what the training left is damaged.
    """
    now = options_of(settings)
    trained = _trained_with(directory)
    trained = of_training(now if trained is None else trained)
    decoded = of_part(now, DECODING) if decoded_so else {}
    return trained | decoded | of_part(now, SCORING)


def finetuning_runs_of(settings: Experiment, directory: Path) -> int:
    """Return how many finetunings the training of an experiment has cost.

    Args:
        settings: of the call that scores, as for `options_of_result`; what nothing says of the
            training is theirs.

    Raises:
        UserError: what the training left is damaged.
    """
    trained = _trained_with(directory)
    if trained is None:
        return settings.finetuning_runs
    options = options_of_class(type(settings))
    told: dict[str, Any] = {}
    for name in OF_COST:
        if name in options:
            told[name] = trained.get(name, options[name].default)
    if not row_of(told["method"]).adjusts:
        told["interval"] = None
    return replace(settings, **told).finetuning_runs


def _trained_with(directory: Path) -> dict[str, Plain] | None:
    """The options of the training; None where nothing says them."""
    file, loaded = said_of_training(directory)
    if loaded is None:
        return None
    options = loaded.get("options") if isinstance(loaded, dict) else None
    if not isinstance(options, dict):
        raise UserError(
            f"{file}: expected the options of a training, found none; run its training stage again"
        )
    return options


def _plain(settings: Experiment) -> dict[str, Plain | None]:
    """Every option as JSON has it."""
    options: dict[str, Plain | None] = {}
    for name in options_of_class(type(settings)):
        value = getattr(settings, name)
        is_plain = value is None or isinstance(value, bool | int | float)
        options[name] = value if is_plain else str(value)
    return options


def _before(directory: Path) -> dict[str, Any]:
    """What the file says; nothing where there is none, or a damaged one, which is written anew."""
    loaded = _read(directory / EXPERIMENT)
    return loaded if isinstance(loaded, dict) else {}


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _write(directory: Path, content: dict[str, Any], before: dict[str, Any]) -> None:
    if content != before:
        text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
        write_text(directory / EXPERIMENT, f"{text}\n")
