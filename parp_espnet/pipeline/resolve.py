"""The user's paths among the options of `phn.sh`, as the recipe's directory sees them."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.arguments import describe_unknown
from parp_espnet.corpora.registry import NONE
from parp_espnet.errors import UserError, printable
from parp_espnet.files import need_file
from parp_espnet.phones.rules import is_table
from parp_espnet.pipeline.made import CONFIGURATIONS
from parp_espnet.pipeline.model_checks import resolve_aligner, resolve_labels_of
from parp_espnet.pipeline.model_options import DENSE, MODEL
from parp_espnet.pipeline.options import FILE, options_of_class
from parp_espnet.pipeline.paths import HUB_NAME, called, existing, existing_or_named, from_recipe
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.shipped import SHIPPED
from parp_espnet.pipeline.unit_checks import check_units
from parp_espnet.upstreams.starts import (
    FROM_UPSTREAM,
    NEAREST,
    SUMMARY,
    fault_of,
    is_experiment,
    is_left_by_training,
    lacks_head,
    mask_beside,
)

MADE_BY_THEN = ("initial_mask", "raw_speech", "unlabelled")
"""Options whose paths a dry run does not need: the mask of an experiment before, recordings."""


def resolve(settings: Settings) -> Settings:
    """Turn the user's paths into paths from the recipe directory, or absolute ones outside of the
    project.

    Raises `UserError` where something is not there.
    """
    if not settings.recipe.is_dir():
        raise UserError(f"phn.sh: --recipe {settings.recipe}: no such directory")
    recipe = settings.recipe.resolve()
    upstream = _resolve_upstream(settings, recipe)
    settings = _with_mask(settings, recipe / upstream)
    paths: dict[str, Any] = {"recipe": recipe}
    for name, option in options_of_class(Settings).items():
        given = getattr(settings, name) or CONFIGURATIONS.get(name)
        if option.kind is not Path or name in ("recipe", "align_with") or given is None:
            continue
        needed = name not in MADE_BY_THEN or not settings.dry_run
        paths[name] = existing("phn.sh", name, given, recipe, needed)
        if FILE in option.notes and given.exists():
            _need_file(name, given)
    if settings.phonemise is not None and is_table(settings.phonemise):
        table = from_recipe(recipe, Path(settings.phonemise))
        paths["phonemise"] = table if is_table(table) else f"./{table}"
    if settings.align_with is not None:
        paths["align_with"] = resolve_aligner(settings, recipe)
    if settings.teacher not in (None, DENSE):
        paths["teacher"] = _resolve_teacher(settings, recipe)
    if settings.labels_of is not None:
        paths["labels_of"] = resolve_labels_of(settings, recipe)
    _check_head(settings, recipe / upstream)
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


def _with_mask(settings: Settings, upstream: Path) -> Settings:
    """Return the settings with the path of the mask where that is the upstream's own, by one word.

    Raises `UserError` where the upstream came with none.
    """
    if settings.initial_mask is None or str(settings.initial_mask) != FROM_UPSTREAM:
        return settings
    if settings.initial_mask.exists():
        raise UserError(
            f"phn.sh: --initial_mask {FROM_UPSTREAM}: expected the word, found a file of that name "
            f"here, too; call that ./{FROM_UPSTREAM}, or move it"
        )
    if upstream.is_file() and is_experiment(upstream):
        _need_final(upstream)
    mask = mask_beside(upstream)
    if not mask.is_file() and not settings.dry_run:
        raise UserError(
            f"phn.sh: --initial_mask {FROM_UPSTREAM}: expected an upstream with {mask.name}, such "
            f"as an experiment, found none in {settings.upstream}"
        )
    return replace(settings, initial_mask=mask)


def _need_final(model: Path) -> None:
    # Imported here: few begin with one model of an experiment, and its readers take a second.
    from parp_espnet.espnet.found import is_final  # noqa: PLC0415

    if not is_final(model):
        raise UserError(
            f"phn.sh: --initial_mask {FROM_UPSTREAM}: expected the model that a training ended "
            f"with, of which its mask is, found {model.name}; take the experiment's directory as "
            f"--upstream, or make a mask of {model.name} by parp-mask from-model"
        )


def _check_head(settings: Settings, upstream: Path) -> None:
    """Raise `UserError` where the upstream has no head, and nothing is trained or rows of it are
    asked for: now, where its files tell that.
    """
    wanted = settings.updates == 0 or settings.init_head != NEAREST
    if not wanted or not upstream.exists():
        return
    # In a dry run its model may be there by then.
    if settings.dry_run and is_left_by_training(upstream):
        return
    if lacks_head(upstream):
        wish = f"--init_head {settings.init_head}: expected"
        if settings.updates == 0:
            wish = "--updates 0: expected 1 or more, or"
        raise UserError(
            f"phn.sh: {wish} an upstream with a head, such as an experiment, found none in "
            f"{settings.upstream}"
        )


def _resolve_teacher(settings: Settings, recipe: Path) -> str:
    teacher = called(Path(str(settings.teacher)), recipe, settings.expdir)
    if not settings.dry_run:
        for name in (SUMMARY, MODEL):
            if not (teacher / name).is_file():
                raise UserError(
                    f"phn.sh: --teacher {teacher}: expected {DENSE}, or the directory of a "
                    f"complete experiment of phn.sh, found no {name} in it"
                )
    return str(existing("phn.sh", "teacher", teacher, recipe, not settings.dry_run))


def _is_path(upstream: str) -> bool:
    """Whether it can be no name of the hub, in which there is one slash."""
    is_name = upstream.startswith("~") or HUB_NAME.fullmatch(upstream)
    return "/" in upstream and not is_name


def _resolve_upstream(settings: Settings, recipe: Path) -> str:
    upstream = settings.upstream
    shipped = SHIPPED / upstream
    # exp/TAG, which could be a name of the hub.
    is_of_recipe = Path(upstream).parent == Path(settings.expdir)
    if "/" not in upstream and shipped.is_dir():
        return os.path.relpath(shipped, recipe)
    if not Path(upstream).exists():
        # An experiment is called as its recipe sees it; in a dry run it may be made by then.
        if is_experiment(recipe / upstream) or is_left_by_training(recipe / upstream):
            upstream = str(recipe / upstream)
        elif settings.dry_run and (is_of_recipe or _is_path(upstream)):
            path = from_recipe(recipe, called(Path(upstream), recipe, settings.expdir))
            return path if path.startswith(("/", ".")) else f"./{path}"
        elif is_of_recipe:
            raise UserError(
                f"phn.sh: --upstream {printable(upstream)}: expected an experiment of this recipe, "
                f"found none there; give the command that trains it first"
            )
    # In a dry run it may be complete by then.
    if Path(upstream).is_file() or (Path(upstream).is_dir() and not settings.dry_run):
        fault = fault_of(Path(upstream))
        if fault:
            raise UserError(f"phn.sh: --upstream {printable(upstream)}: {fault}")
    resolved = existing_or_named(
        "phn.sh", "upstream", upstream, recipe, ("file or directory", "an upstream")
    )
    if "/" not in resolved:
        # Models of speech have an owner on the hub.
        known = sorted(path.name for path in SHIPPED.iterdir())
        raise UserError(
            f"phn.sh: --upstream: no such file or directory; "
            f"{describe_unknown(upstream, known, also=['owner/model'])}"
        )
    return resolved
