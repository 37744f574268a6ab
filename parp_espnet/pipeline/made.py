"""How an experiment is made, as results and masks say it: options that differ from their defaults,
and whose it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.files import parse_yaml, read_json, write_json
from parp_espnet.glue.settings import Settings as GlueSettings
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.origin import ORIGIN, Origin
from parp_espnet.pruning.scopes import name_of, read_rates

type Plain = bool | int | float | str

CALL = frozenset({
    "stage", "stop_stage", "skip_train", "skip_eval", "dry_run", "wait", "nj", "inference_nj",
    "recipe", "expdir",
    "datadir", "dumpdir", "phn_tag", "glue_tag", "compare_decoding",
    "keep_checkpoints",
})  # fmt: skip
"""Options of a call of the template that change nothing in its result, but where it is and what is
made beside it.
"""
DECODING = frozenset({
    "use_ngram", "ngram", "ngram_num", "use_lm", "lm_config", "lm_train_text", "beam_size",
    "ngram_weight", "lm_weight",
    "penalty", "search",
})  # fmt: skip
"""Options of how a trained model is decoded."""
SCORING = frozenset({"test_set", "test_minutes", "metric", "merge"})
"""Options of what is scored, and how."""
CONFIGURATIONS: Mapping[str, Path] = {
    "train_config": ROOT / "conf/train/phn.yaml",
    "lm_config": ROOT / "conf/train/lm.yaml",
}
"""Options that are files of many options, and the files that they are by default."""
SHIPPED: Mapping[str, str] = {
    "train_config": "e26c2e54962f02473dbd8c5c5828b5c48f0bf4b36b04ec961fddae0d139006a8",
    "lm_config": "bf68326b8b443b8053d17609a681f54d03318196388ee945226320f8f382116f",
}
"""Hashes of those files as the project has them. Another one was edited, which nothing else would
tell.
"""
CONTENTS = ("merge", "ngram", "lm_train_text")
"""Options that are files of which the content counts."""
UNSET = "unset"
"""In place of the value of a configuration that leaves one out."""
LETTERS = 8
"""Of a hash that stands beside a file's name."""


def options_of(settings: Experiment) -> dict[str, Plain]:
    """Return every option that differs from its default, by name.

    A file is its name and a part of its hash; of a training configuration, it is each value that
    differs from that of the usual one, called `train_config.` and its name. A path is as it is from
    the project's directory.
    """
    found: dict[str, Plain] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in CONFIGURATIONS:
            found |= _configured(settings, field.name)
            continue
        if field.name in CALL or value is None or value == field.default:
            continue
        found |= _plain(settings, field.name, value)
    return found


def _plain(settings: Experiment, name: str, value: Any) -> dict[str, Plain]:
    """The option as a plain value; nothing where it is the default in other words."""
    if name == "upstream" and isinstance(settings, Settings):
        label = settings.upstream_source
        return {} if label == Settings.upstream else {name: label}
    if name == "speed_perturb_factors" and isinstance(settings, Settings):
        return {name: " ".join(f"{speed:g}" for speed in settings.speeds)}
    if name == "scope" and settings.rates is not None:
        return {name: name_of(read_rates(settings.recipe / settings.rates))}
    if name in CONTENTS:
        return {name: _named(settings.recipe / value)}
    if isinstance(value, Path):
        return {name: from_root(settings.recipe / value)}
    return {name: value}


def _named(path: Path) -> str:
    """A file's name and a part of its hash; of one that is not there, what it is called alone."""
    digest = _digest(path)
    return path.name if digest is None else f"{path.name} {digest[:LETTERS]}"


def _digest(path: Path) -> str | None:
    """A file's hash; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _configured(settings: Experiment, option: str) -> dict[str, Plain]:
    """What a configuration says that the shipped one does not; nothing where it is that one, or is
    not used.
    """
    usual, value = CONFIGURATIONS[option], getattr(settings, option)
    path = usual if value is None else settings.recipe / value
    if value is None and option == "lm_config" and not getattr(settings, "use_lm", False):
        return {}
    shipped = _digest(usual) == SHIPPED[option]
    # Values beside those of a file that was edited would say too little.
    return _differing(option, path) if shipped else {option: _named(path)}


def _differing(option: str, path: Path) -> dict[str, Plain]:
    """What a configuration says that the usual one does not, or otherwise."""
    own, usual = _flat(path), _flat(CONFIGURATIONS[option])
    if own is None or usual is None:
        return {option: _named(path)}
    found: dict[str, Plain] = {}
    for name in [*usual, *(name for name in own if name not in usual)]:
        if own.get(name) != usual.get(name):
            value = own.get(name, UNSET)
            found[f"{option}.{name}"] = (
                value if isinstance(value, bool | int | float | str) else str(value)
            )
    return found


def _flat(path: Path) -> dict[str, Any] | None:
    """A YAML's values by their dotted names; None where it is no mapping."""
    try:
        found = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _dotted(found) if isinstance(found, dict) else None


def _dotted(values: Mapping[Any, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _dotted(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def languages_of(settings: Experiment) -> list[str]:
    """Return the languages that an experiment trains on, or its task: what it was told, or what its
    data say.
    """
    if isinstance(settings, GlueSettings):
        return [settings.task]
    assert isinstance(settings, Settings)
    told = (settings.lang or "").split()
    if told:
        return told
    file = settings.recipe / settings.dumpdir / "raw" / settings.train_dump / "utt2lang"
    if not file.is_file():
        return []
    words = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return sorted({pair[1] for pair in words if len(pair) == 2})


def origin_of(settings: Experiment) -> Origin:
    """Return whose the masks of an experiment are."""
    return Origin(
        method=settings.method,
        recipe=from_root(settings.recipe),
        language=" ".join(languages_of(settings)) or None,
        seed=settings.seed,
        upstream=settings.upstream_label,
        ranking=settings.score,
    )


def write_origin(settings: Experiment, directory: Path) -> None:
    """Leave in an experiment's directory whose it is and with which options it is trained."""
    known = {
        name: value for name, value in origin_of(settings).as_dict().items() if value is not None
    }
    trained_with = {
        name: value
        for name, value in options_of(settings).items()
        if not _is_of(name, DECODING | SCORING)
    }
    write_json(
        directory / ORIGIN, known | {"languages": languages_of(settings), "options": trained_with}
    )


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
    trained = _trained_with(directory / ORIGIN)
    if trained is None:
        trained = {
            name: value for name, value in now.items() if not _is_of(name, DECODING | SCORING)
        }
    after = DECODING | SCORING if decoded_so else SCORING
    return trained | {name: value for name, value in now.items() if _is_of(name, after)}


def _is_of(name: str, options: frozenset[str]) -> bool:
    """Whether an option, or a value in the file that it is, is one of some."""
    return name.partition(".")[0] in options


def _trained_with(file: Path) -> dict[str, Plain] | None:
    if not file.is_file():
        return None
    found = read_json(file)
    options = found.get("options") if isinstance(found, dict) else None
    if not isinstance(options, dict):
        raise UserError(
            f"{file}: expected the options of a training, found none; run its training stage again"
        )
    return options


def load_settings(path: Path) -> Experiment:
    """Read an experiment's settings.json, of speech or of text. Raises `UserError`."""
    found = read_json(path)
    if isinstance(found, dict) and "task" in found:
        return GlueSettings.load(path)
    return Settings.load(path)
