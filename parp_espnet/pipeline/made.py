"""How an experiment is made, as results and masks say it: options that differ from their defaults,
and whose it is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parp_espnet.corpora.known.corpus import Folder
from parp_espnet.data.lines import pairs_of
from parp_espnet.files import lines_of, parse_yaml
from parp_espnet.glue.settings import Settings as GlueSettings
from parp_espnet.phones.rules import is_table
from parp_espnet.pipeline.contents import plain_word_of
from parp_espnet.pipeline.options import CALL, CONTENT, Option, Part, options_of_class
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.scopes import name_of, read_rates

type Plain = bool | int | float | str

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
UNSET = "unset"
"""In place of the value of a configuration that leaves one out."""
LETTERS = 8
"""Of a hash that stands beside a file's name."""


def options_of(settings: Experiment) -> dict[str, Plain]:
    """Return every option that differs from its default, by name.

    A file is its name and a part of its hash; of a training configuration, it is each value that
    differs from that of the usual one, called `train_config.` and its name. A path is as it is from
    the project's directory, and what is outside of it goes by its name: where a user keeps things
    changes no result, and is nobody else's business. A published corpus is the same wherever it is.
    """
    differing: dict[str, Plain] = {}
    for name, option in options_of_class(type(settings)).items():
        value = getattr(settings, name)
        if name in CONFIGURATIONS:
            differing |= _configured(settings, name)
        elif _counts(option) and value is not None and value != option.default:
            differing |= _plain(settings, option, value)
    return differing


def of_training(options: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return those of some options that a training is made with. Version 0.2 wrote beside them
    where a published corpus was.
    """
    kept: dict[str, Plain] = {}
    for name, value in options.items():
        option = _option(name)
        if option is None or (option.part is None and _counts(option)):
            kept[name] = value
    return kept


def of_part(options: Mapping[str, Plain], part: Part) -> dict[str, Plain]:
    """Return those of some options, of speech, that are of the decoding, or of the scoring."""
    kept: dict[str, Plain] = {}
    for name, value in options.items():
        option = _option(name)
        if option is not None and option.part is part:
            kept[name] = value
    return kept


def _option(name: str) -> Option | None:
    """The option of speech of that name, or whose file has the value of that name; of text, None:
    all of them are of the training.
    """
    return options_of_class(Settings).get(name.partition(".")[0])


def _counts(option: Option) -> bool:
    """Whether a result depends on an option at all."""
    places = [note for note in option.notes if isinstance(note, Folder) and note.published]
    return option.part is not CALL and not places


def _plain(settings: Experiment, option: Option, value: Any) -> dict[str, Plain]:
    """The option as a plain value; nothing where it is the default in other words."""
    name = option.name
    if name == "upstream" and isinstance(settings, Settings):
        value = settings.upstream_source
        if value == Settings.upstream:
            return {}
    if name == "speed_perturb_factors" and isinstance(settings, Settings):
        return {name: " ".join(f"{speed:g}" for speed in settings.speeds)}
    if name == "scope" and settings.rates is not None:
        return {name: name_of(read_rates(settings.recipe / settings.rates))}
    is_rules = name == "phonemise" and is_table(value)
    if CONTENT in option.notes or is_rules:
        return {name: _named(settings.recipe / value)}
    if isinstance(value, Path) or (isinstance(value, str) and Path(value).is_absolute()):
        return {name: from_anywhere(settings.recipe / value)}
    return {name: value}


def from_anywhere(path: Path) -> str:
    """Return a path as it reads the same on every machine: outside of the project, its name, and of
    a file a part of its hash.
    """
    inside = from_root(path)
    return _named(path) if Path(inside).is_absolute() else inside


def _named(path: Path) -> str:
    """A file's name and a part of its hash; of one that is not there, what it is called alone."""
    digest = _digest(path)
    return path.name if digest is None else f"{path.name} {digest[:LETTERS]}"


def _digest(path: Path) -> str | None:
    """A file's hash; None where it cannot be read."""
    try:
        return plain_word_of(path)
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
    if path.resolve() == CONFIGURATIONS[option].resolve():
        return {}
    own, usual = _flat(path), _flat(CONFIGURATIONS[option])
    if own is None or usual is None:
        return {option: _named(path)}
    differing: dict[str, Plain] = {}
    for name in [*usual, *(name for name in own if name not in usual)]:
        if own.get(name) != usual.get(name):
            value = own.get(name, UNSET)
            differing[f"{option}.{name}"] = (
                value if isinstance(value, bool | int | float | str) else str(value)
            )
    return differing


def _flat(path: Path) -> dict[str, Any] | None:
    """A YAML's values by their dotted names; None where it is no mapping."""
    try:
        conf = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _dotted(conf) if isinstance(conf, dict) else None


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
    pairs = pairs_of(lines_of(file.read_text(encoding="utf-8")))
    return sorted({language for _, language in pairs if language})


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
