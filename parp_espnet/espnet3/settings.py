"""Whether what an experiment's directory holds was made with the settings of now: espnet3 itself
goes on with whatever is there.
"""

from pathlib import Path
from typing import Any

from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf

from parp_espnet.errors import UserError, printable
from parp_espnet.espnet3.callback import PruningCallback
from parp_espnet.espnet3.finish import CONFIG
from parp_espnet.files import parse_yaml
from parp_espnet.pipeline.config import flat

COMPARED = (
    *("task", "seed", "updates", "prune_conf", "create_dataset", "dataset", "dataloader"),
    *("optimizer", "scheduler", "scheduler_interval", "scheduler_monitor", "best_model_criterion"),
)
"""What a model depends on, of a training's YAML; `model` and `trainer` besides."""
OF_MACHINE = frozenset({
    "accelerator", "strategy", "plugins", "default_root_dir", "num_sanity_val_steps",
    "logger", "log_every_n_steps", "profiler", "detect_anomaly", "benchmark", "barebones",
    "enable_progress_bar", "enable_model_summary", "enable_checkpointing",
})  # fmt: skip
"""Settings of Lightning's trainer that say where it runs and what it tells of that."""
ASIDE = frozenset({"token_list", "preprocessor", "num_workers"})
"""What stands otherwise in the file that is left, labels themselves and at the top; and what
changes nothing.
"""
PLACES = ("data_dir", "recipe_dir")
"""Where a checkout is changes nothing of its experiments."""


def check_same(config: DictConfig, directory: Path) -> None:
    """Raise `UserError` where the experiment in a directory was made with other settings.

    Nothing is compared where no training has begun there, or espnet3's account of it is damaged.
    """
    then = left_by_training(directory / CONFIG)
    if then is None:
        return
    now: Any = OmegaConf.to_container(config, resolve=True)
    before, wanted = _settings(then, then), values_of(now)
    changed = _differing(before, wanted)
    # Of the model the file holds every default, too.
    for name, value in before.items():
        is_own = name.partition(".")[0] in (*COMPARED, "trainer")
        if is_own and value is not None and name not in wanted:
            changed.append(f"{name} {value}, now none")
    if changed:
        raise UserError(
            f"{directory} was made with other settings ({printable('; '.join(changed))}); for a "
            f"new experiment call the YAML otherwise, or remove that directory to make it again"
        )


def check_callback(config: DictConfig) -> None:
    """Raise `UserError` unless the trainer prunes as the top of the YAML says it, which is what
    results and exports read.
    """
    now: Any = OmegaConf.to_container(config, resolve=True)
    entries = [entry for entry in _callbacks(now) if _prunes(entry)]
    if len(entries) != 1:
        raise UserError(
            f"trainer.callbacks: expected one {PruningCallback.__name__}, as docs/espnet3.md has "
            f"it, found {len(entries)}"
        )
    (entry,) = entries
    for name, usual in (("exp_dir", None), ("prune_conf", None), ("seed", 0)):
        there = entry.get(name) or usual
        if there != (now.get(name) or usual):
            raise UserError(
                f"{name}: expected the same at the top of the YAML and in "
                f"{PruningCallback.__name__}, which is {name}: ${{{name}}} there, found "
                f"{printable(str(now.get(name)))} and {printable(str(there))}"
            )


def left_by_training(file: Path) -> dict[str, Any] | None:
    """Return what espnet3 left of a training's YAML; None where there is nothing, or a damaged
    one.
    """
    try:
        loaded = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None


def values_of(config: dict[str, Any]) -> dict[str, Any]:
    """Return what a model depends on, of a training's YAML, by dotted names."""
    return _settings(config, config.get("model") or {})


def changes_in(part: str, then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return how a part of two YAMLs that is not of the model differs, in words."""
    before, wanted = _settings(then, {}), _settings(now, {})
    names = [name for name in wanted if name.partition(".")[0] == part]
    return _differing(before, {name: wanted[name] for name in names})


def _differing(before: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    changed: list[str] = []
    for name, value in wanted.items():
        if before.get(name) != value:
            changed.append(f"{name} {before.get(name)}, now {value}")
    return changed


def _settings(config: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """What a model depends on, by dotted names.

    Args:
        model: the part of `config` that has the model; espnet3 leaves it at the top.
    """
    chosen = {name: config[name] for name in COMPARED if config.get(name) is not None}
    trainer = dict(config.get("trainer") or {})
    # Ours says again what stands at the top.
    trainer["callbacks"] = [entry for entry in _callbacks(config) if not _prunes(entry)] or None
    chosen["trainer"] = {name: value for name, value in trainer.items() if name not in OF_MACHINE}
    named = {name: value for name, value in model.items() if name not in COMPARED}
    places = {str(config[name]): name for name in PLACES if config.get(name)}
    settings: dict[str, Any] = {}
    for name, value in flat({**named, **chosen}).items():
        if ASIDE.isdisjoint(name.split(".")):
            settings[name] = _elsewhere(value, places)
    return settings


def _callbacks(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The callbacks that a YAML gives the trainer."""
    return list((config.get("trainer") or {}).get("callbacks") or [])


def _prunes(entry: dict[str, Any]) -> bool:
    """Whether a callback is ours."""
    try:
        return issubclass(get_class(str(entry.get("_target_"))), PruningCallback)
    except (ImportError, ValueError, TypeError):
        return False


def _elsewhere(value: Any, places: dict[str, str]) -> Any:
    """A value as it is wherever the checkout is."""
    if isinstance(value, list):
        return [_elsewhere(item, places) for item in value]
    if isinstance(value, dict):
        return {name: _elsewhere(item, places) for name, item in value.items()}
    if isinstance(value, str):
        for place, name in places.items():
            if value == place or value.startswith(f"{place}/"):
                return f"{name}{value.removeprefix(place)}"
    return value
