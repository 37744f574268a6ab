"""The user's paths among the options of `phn.sh`, as the recipe's directory sees them."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.corpora.registry import NONE
from parp_espnet.errors import UserError
from parp_espnet.files import need_file
from parp_espnet.pipeline.made import CONFIGURATIONS
from parp_espnet.pipeline.model_options import DENSE, MODEL
from parp_espnet.pipeline.options import FILE, options_of_class
from parp_espnet.pipeline.paths import existing, existing_or_named
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.shipped import SHIPPED
from parp_espnet.pipeline.unit_checks import check_units
from parp_espnet.pruning.methods import describe_unknown

SUMMARY = "training.json"
"""What a complete training leaves."""


def resolve(settings: Settings) -> Settings:
    """Turn the user's paths into paths from the recipe directory, or absolute ones outside of the
    project.

    Raises `UserError` where something is not there.
    """
    if not settings.recipe.is_dir():
        raise UserError(f"phn.sh: --recipe {settings.recipe}: no such directory")
    recipe = settings.recipe.resolve()
    paths: dict[str, Any] = {"recipe": recipe}
    for name, option in options_of_class(Settings).items():
        given = getattr(settings, name) or CONFIGURATIONS.get(name)
        if option.kind is not Path or name == "recipe" or given is None:
            continue
        # The mask of an experiment before may be made by then.
        needed = name != "initial_mask" or not settings.dry_run
        paths[name] = existing("phn.sh", name, given, recipe, needed)
        if FILE in option.notes and given.exists():
            _need_file(name, given)
    if settings.teacher not in (None, DENSE):
        paths["teacher"] = _resolve_teacher(settings, recipe)
    upstream = _resolve_upstream(settings.upstream, recipe)
    resolved = replace(settings, **paths, upstream=upstream, **_written_to(settings))
    check_units(resolved, recipe / upstream / "config.json")
    return resolved


def _need_file(name: str, path: Path) -> None:
    try:
        need_file(path)
    except UserError as error:
        raise UserError(f"phn.sh: --{name}: {error}") from None


def _written_to(settings: Settings) -> dict[str, Any]:
    """Where all goes that is written: below an absolute `--expdir`, for a checkout that may not be
    written.

    The sets of who has made them, or makes them with local/data.sh, stay in the recipe directory.
    """
    if not Path(settings.expdir).is_absolute():
        return {}
    names = ("dumpdir",) if settings.corpus == NONE else ("datadir", "dumpdir")
    options = options_of_class(Settings)
    places: dict[str, Any] = {}
    for name in names:
        usual = options[name].default
        if getattr(settings, name) == usual:
            places[name] = f"{settings.expdir}/{usual}"
    return places


def _resolve_teacher(settings: Settings, recipe: Path) -> str:
    teacher = Path(str(settings.teacher))
    if not settings.dry_run:
        for name in (SUMMARY, MODEL):
            if not (teacher / name).is_file():
                raise UserError(
                    f"phn.sh: --teacher {teacher}: expected {DENSE}, or the directory of a "
                    f"complete experiment of phn.sh, found no {name} in it"
                )
    return str(existing("phn.sh", "teacher", teacher, recipe, not settings.dry_run))


def _resolve_upstream(upstream: str, recipe: Path) -> str:
    shipped = SHIPPED / upstream
    if "/" not in upstream and shipped.is_dir():
        return os.path.relpath(shipped, recipe)
    resolved = existing_or_named(
        "phn.sh", "upstream", upstream, recipe, ("file or directory", "an upstream")
    )
    if "/" not in resolved:
        # Models of speech have an owner on the hub.
        known = [*sorted(path.name for path in SHIPPED.iterdir()), "owner/model"]
        raise UserError(
            f"phn.sh: --upstream: no such file or directory; {describe_unknown(upstream, known)}"
        )
    return resolved
