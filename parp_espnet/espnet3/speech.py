"""Whether a recipe's `data_dir` holds the speech and the upstream that a YAML asks for: several may
share it, and espnet3 trains on whatever is there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from espnet3.components.data.dataset_module import (  # type: ignore[import-untyped]
    load_dataset_module,
    parse_dataset_reference_config,
)
from espnet3.systems.base.system import BaseSystem  # type: ignore[import-untyped]
from omegaconf import DictConfig, OmegaConf

from parp_espnet.errors import UserError
from parp_espnet.espnet3.finish import CONFIG
from parp_espnet.espnet3.settings import changes_in, left_by_training

SETS = ("train", "valid", "test")


def is_made(config: DictConfig) -> bool:
    """Whether all is there that stage create_dataset makes of a training's YAML."""
    asked = dict(config.get("create_dataset") or {})
    for builder in _builders(config):
        if not (builder.is_source_prepared(**asked) and builder.is_built(**asked)):
            return False
    return True


def need_made(config: DictConfig) -> None:
    """Raise `UserError` where that is not so."""
    if not is_made(config):
        raise UserError(
            f"{config.data_dir}: expected what create_dataset of this YAML makes, found nothing, "
            f"or another's; run stage create_dataset, with a data_dir of its own where another "
            f"YAML has this one"
        )


def need_free(config: DictConfig) -> None:
    """Raise `UserError` where stage create_dataset would replace what another experiment was
    trained on.
    """
    own = Path(config.exp_dir)
    now: Any = OmegaConf.to_container(config, resolve=True)
    for file in sorted(own.parent.glob(f"*/{CONFIG}")):
        then = left_by_training(file)
        if then is None or file.parent == own or then.get("data_dir") != now["data_dir"]:
            continue
        changed = changes_in("create_dataset", then, now)
        if changed:
            raise UserError(
                f"{now['data_dir']}: {file.parent} was trained on what is there "
                f"({'; '.join(changed)}); give this YAML a data_dir of its own, such as "
                f"data_dir: {now['data_dir']}/{own.name}"
            )


def _builders(config: DictConfig) -> Iterator[Any]:
    """What makes each set of data, as espnet3 finds it; nothing of sets that nobody makes."""
    sources: dict[str | None, None] = {}
    sets = config.get("dataset") or {}
    for name in SETS:
        for entry in sets.get(name) or []:
            source, _ = parse_dataset_reference_config(dict(entry))
            sources[source] = None
    for source in sources:
        module = load_dataset_module(data_src=source, recipe_dir=config.get("recipe_dir"))
        builder = getattr(module, BaseSystem.DATASET_BUILDER_CLASS_NAME, None)
        if builder is not None:
            yield builder()
