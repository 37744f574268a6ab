"""What a result says of the options of a training by espnet3: all that differs from the defaults of
pruning, and from the recipe's YAML.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from espnet3.utils.config_utils import load_and_merge_config  # type: ignore[import-untyped]
from omegaconf import OmegaConf

from parp_espnet.espnet3.launch import CONFIGURATIONS
from parp_espnet.espnet3.settings import values_of
from parp_espnet.pipeline.contents import plain_word_of
from parp_espnet.pipeline.made import Plain, from_anywhere
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import OF_PRUNING
from parp_espnet.pruning.options import PruneOptions
from parp_espnet.pruning.scopes import is_file, name_of, read_rates
from parp_espnet.pruning.settings import PruneSettings

USUAL = ROOT / "egs3/cldr/asr1/conf/training.yaml"
SHIPPED = "39a58279d2d2be00f4de69b627f79a165330292ddcb4a8609b44093fd2f8cc6b"
"""The hash of that file as the project has it. Another one was edited, which nothing else would
tell.
"""
OPTION = "training_config"
LETTERS = 8
OF_RESULTS = ("seed", "updates", "prune_conf", "create_dataset")
"""Parts of a YAML that results have fields for, or say otherwise."""


def options_of(config: Mapping[str, Any]) -> dict[str, Plain]:
    """Return every option that differs from its default, by the names that `phn.sh` has for it; a
    value of the YAML that is another than in the recipe's is called `training_config.` and its
    name.
    """
    options: dict[str, Plain] = {"trainer": "espnet3", "updates": config["updates"]}
    options |= _of_pruning(PruneSettings.parse(config["prune_conf"]))
    return options | _of_training(dict(config))


def _of_pruning(settings: PruneSettings) -> dict[str, Plain]:
    differing: dict[str, Plain] = {}
    for declared in fields(PruneOptions):
        name, value = declared.name, getattr(settings, declared.name)
        if name not in OF_PRUNING or value == declared.default:
            continue
        if name == "scope" and is_file(value):
            value = name_of(read_rates(Path(value)))
        differing[name] = from_anywhere(value) if isinstance(value, Path) else value
    return differing


def _of_training(config: dict[str, Any]) -> dict[str, Plain]:
    values = _values(config)
    if not _is_shipped():
        # Values beside those of a file that was edited would say too little.
        text = json.dumps(values, sort_keys=True, default=str)
        return {OPTION: hashlib.sha256(text.encode()).hexdigest()[:LETTERS]}
    merged = load_and_merge_config(
        USUAL, config_name="training.yaml", default_package=CONFIGURATIONS, resolve=False
    )
    # Other values of it are made of these: places, and what results have fields for.
    for name in ("recipe_dir", "data_dir", "exp_dir", "stats_dir", "seed", "updates"):
        OmegaConf.update(merged, name, config.get(name))
    usual = _values(OmegaConf.to_container(merged, resolve=True))
    differing: dict[str, Plain] = {}
    for name in [*usual, *(name for name in values if name not in usual)]:
        value = values.get(name)
        if value == usual.get(name):
            continue
        differing[f"{OPTION}.{name}"] = (
            value if isinstance(value, bool | int | float | str) else str(value)
        )
    return differing


def _is_shipped() -> bool:
    """Whether the recipe's YAML is there, as the project has it."""
    try:
        return plain_word_of(USUAL) == SHIPPED
    except OSError:
        return False


def _values(config: Any) -> dict[str, Any]:
    """What a model depends on beside what results have fields for."""
    values = values_of(config)
    return {name: values[name] for name in values if name.partition(".")[0] not in OF_RESULTS}
