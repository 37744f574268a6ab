"""Where the parts of a trained model are, found without ESPnet, which takes seconds to import.

ESPnet's `config.yaml` has the upstream's path as training saw it: from the recipe's directory.
"""

import argparse
import re
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError, printable
from parp_espnet.files import exists, parse_yaml, read_json, regular
from parp_espnet.upstreams.foreign import check_native, read_checkpoint
from parp_espnet.upstreams.frontend import place_of
from parp_espnet.upstreams.starts import SUMMARY

NOT_A_PATH = re.compile(r"\w+://.*|[\w-][\w.-]*/[\w.-]+")
"""Where an upstream may be that is no file: an address, or a name of the Hugging Face hub
(owner/model).
"""
OF_TORCH = frozenset({".pth", ".pt"})


def find_model(path: Path) -> Path:
    """Return the model file of an experiment's directory, that which its training ended with; a
    file is itself.

    Raises `UserError` where there is none.
    """
    if not exists(path):
        raise UserError(
            f"{path}: no such model: expected an experiment's directory, or a .pth beside its "
            f"config.yaml"
        )
    if not path.is_dir():
        # A link of whatever name may lead to one.
        if OF_TORCH.isdisjoint((path.suffix.lower(), path.resolve().suffix.lower())):
            raise UserError(
                f"{path}: expected a model, an experiment's directory or a .pth beside its "
                f"config.yaml, found another file"
            )
        return path
    if (path / SUMMARY).is_file():
        return path / str(read_summary(path / SUMMARY)["model"])
    models = sorted(path.glob("valid.*.ave.pth")) or sorted(path.glob("valid.*.best.pth"))
    if len(models) == 1:
        return models[0]
    names = ", ".join(model.name for model in models) or "no model"
    raise UserError(
        f"{path}: expected {SUMMARY}, as a training leaves it, or one valid.*.pth, found {names}"
    )


def is_final(model: Path) -> bool:
    """Whether a model file of an experiment is the one that its training ended with, which the mask
    beside it is of.

    Raises `UserError` where what the training left is damaged.
    """
    if not (model.parent / SUMMARY).is_file():
        return False
    return find_model(model.parent).resolve() == model.resolve()


def read_summary(file: Path) -> dict[str, Any]:
    """Return what a complete training says of itself. Raises `UserError` where it is damaged."""
    told = read_json(file)
    model = told.get("model") if isinstance(told, dict) else None
    if not isinstance(model, str) or Path(model).name != model:
        raise UserError(
            f"{file}: expected what a complete training leaves, with its model's name, found "
            f"{printable(repr(model))}; train again"
        )
    return dict(told)


def read_config(config: Path) -> argparse.Namespace:
    """Return what ESPnet leaves of a training's options. Raises `UserError` where there is none."""
    if not config.exists():
        raise UserError(
            f"{config}: no such file; expected the training configuration beside the model"
        )
    try:
        content = parse_yaml(regular(config).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{config}: expected YAML, found something else ({error})") from None
    if not isinstance(content, dict) or "token_list" not in content:
        raise UserError(
            f"{config}: expected the configuration that ESPnet leaves of a training, found no "
            f"token_list"
        )
    return argparse.Namespace(**content)


def find_upstream(args: argparse.Namespace, config: Path) -> None:
    """Replace the upstream's path by one that holds from here. Raises `UserError` where it is
    gone.
    """
    settings, name = place_of(getattr(args, "frontend_conf", None))
    path = settings.get(name)
    if path is None:
        return
    folders = [*config.absolute().parent.parents, *config.resolve().parent.parents, Path.cwd()]
    for folder in dict.fromkeys(folders):
        if (folder / path).exists():
            settings[name] = str(folder / path)
            break
    else:
        if not NOT_A_PATH.fullmatch(path):
            below = ""
            if not Path(path).is_absolute():
                below = f", below {config.absolute().parent.parent} or what it is in"
            raise UserError(
                f"{config}: the upstream {path} is gone{below}; run the recipe's stage 5 again"
            )
    upstream = Path(settings[name])
    if upstream.is_file():
        check_native(read_checkpoint(upstream, mmap=True), upstream)
    for link in sorted(upstream.glob("*")):
        if not link.exists():
            raise UserError(
                f"{link}: leads nowhere: {link.readlink()} is gone; run the recipe's stage 5 again"
            )
