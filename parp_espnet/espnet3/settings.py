"""Whether what an experiment's directory holds was made with the settings of now: espnet3 itself
goes on with whatever is there.
"""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from parp_espnet.errors import UserError, printable
from parp_espnet.espnet3.finish import CONFIG
from parp_espnet.files import parse_yaml
from parp_espnet.pipeline.config import flat

COMPARED = (
    *("task", "seed", "updates", "prune_conf", "create_dataset", "dataset", "dataloader"),
    *("optimizer", "scheduler", "best_model_criterion"),
)
"""What a model depends on, of a training's YAML; `model` and `TRAINER` besides."""
TRAINER = ("max_epochs", "max_steps", "accumulate_grad_batches", "gradient_clip_val", "precision")
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
    then = _left(directory / CONFIG)
    if then is None:
        return
    now: Any = OmegaConf.to_container(config, resolve=True)
    before, wanted = _settings(then, then), _settings(now, now.get("model") or {})
    changed: list[str] = []
    for name, value in wanted.items():
        if before.get(name) != value:
            changed.append(f"{name} {before.get(name)}, now {value}")
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


def _left(file: Path) -> dict[str, Any] | None:
    try:
        loaded = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None


def _settings(config: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """What a model depends on, by dotted names.

    Args:
        model: the part of `config` that has the model; espnet3 leaves it at the top.
    """
    chosen = {name: config[name] for name in COMPARED if config.get(name) is not None}
    trainer = config.get("trainer") or {}
    chosen["trainer"] = {name: trainer[name] for name in TRAINER if name in trainer}
    named = {name: value for name, value in model.items() if name not in COMPARED}
    places = {str(config[name]): name for name in PLACES if config.get(name)}
    settings: dict[str, Any] = {}
    for name, value in flat({**named, **chosen}).items():
        if ASIDE.isdisjoint(name.split(".")):
            settings[name] = _elsewhere(value, places)
    return settings


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
