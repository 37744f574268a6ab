"""The user's paths among the options of `phn.sh`, as the recipe's directory sees them."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.corpora.registry import NONE
from parp_espnet.errors import UserError
from parp_espnet.files import need_file, read_json
from parp_espnet.pipeline.made import CONFIGURATIONS
from parp_espnet.pipeline.options import FILE, options_of_class
from parp_espnet.pipeline.paths import existing, existing_or_named
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.shipped import SHIPPED
from parp_espnet.pruning.methods import describe_unknown
from parp_espnet.pruning.patterns import NONE as NO_PATTERN
from parp_espnet.pruning.patterns import Units, find_pattern, is_pattern


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
    upstream = _resolve_upstream(settings.upstream, recipe)
    _check_units(settings, recipe / upstream / "config.json")
    return replace(settings, **paths, upstream=upstream, **_written_to(settings))


def _check_units(settings: Settings, config: Path) -> None:
    """Raise `UserError` where whole units are pruned, and a layer of the upstream would lose all:
    now, and not after a training whose weights are ranked.
    """
    word = settings.scope if settings.pattern == NO_PATTERN else settings.pattern
    form = find_pattern(word) if is_pattern(word) else None
    if not isinstance(form, Units) or not config.is_file():
        return
    told = read_json(config)
    counts = {"feed-forward units": "intermediate_size", "heads": "num_attention_heads"}
    for kind in form.kinds:
        count = told.get(counts[kind]) if isinstance(told, dict) else None
        if type(count) is not int:
            continue
        try:
            form.check_count(kind, count, settings.sparsity or 0)
        except UserError as error:
            raise UserError(f"phn.sh: --{error}") from None


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
