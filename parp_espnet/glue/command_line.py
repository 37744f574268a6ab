"""From the command line of `glue.sh` to settings that fit together, with paths that exist."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError
from parp_espnet.glue.settings import STAGES, Settings
from parp_espnet.glue.tasks import TASKS
from parp_espnet.names import check_name
from parp_espnet.pipeline.copies import refuse_copy
from parp_espnet.pipeline.options import parse
from parp_espnet.pipeline.paths import existing, existing_or_named
from parp_espnet.pipeline.pruning_checks import check_pruning
from parp_espnet.pipeline.unit_checks import check_units

MINILM_POOL = (
    r"encoder\.layer\.\d+\."
    r"(attention\.self\.(query|key|value)|(attention\.output|intermediate|output)\.dense)\.weight"
)
"""MiniLM's pool is the paper's without the pooler. That was never trained (its sentences are
means), and its weights are so small that a global ranking at 70 % prunes every one: nothing of the
text then reaches the head.
"""


def read(arguments: Sequence[str]) -> Settings:
    """Read and check the options of `glue.sh`, and resolve its paths. Raises `UserError`."""
    about = (
        "One experiment on text, from a task in GLUE's form to a score, pruned while it is "
        "finetuned."
    )
    settings = parse(Settings, "glue.sh", arguments, description=about)
    _check_numbers(settings)
    if settings.task not in TASKS:
        raise UserError(f"glue.sh: --task: {describe_unknown(settings.task, TASKS)}")
    settings = check_pruning(_resolve(settings))
    if settings.pruning.prunes_channels:
        raise UserError(
            f"glue.sh: --pattern {settings.scope}: expected a pattern of layers, since models of "
            f"text have no convolutions before these; take --pattern units"
        )
    check_units(settings, settings.recipe / settings.model / "config.json")
    refuse_copy(settings)
    if settings.model == "minilm" and settings.prune_pattern is None and settings.sparsity:
        return replace(settings, prune_pattern=MINILM_POOL)
    return settings


def _check_numbers(settings: Settings) -> None:
    last = len(STAGES)
    if not 1 <= settings.stage <= settings.stop_stage <= last:
        stages = f"--stage {settings.stage} --stop_stage {settings.stop_stage}"
        raise UserError(
            f"glue.sh: {stages}: expected stages from 1 to {last} ({', '.join(STAGES.values())})"
        )
    if settings.validations > settings.updates:
        raise UserError(
            f"glue.sh: --validations {settings.validations}: expected at most --updates "
            f"{settings.updates}"
        )
    if settings.glue_tag is not None:
        check_name("glue.sh: --glue_tag", settings.glue_tag)


def _resolve(settings: Settings) -> Settings:
    if not settings.recipe.is_dir():
        raise UserError(f"glue.sh: --recipe {settings.recipe}: no such directory")
    recipe, mask = settings.recipe.resolve(), settings.initial_mask
    needed = not settings.dry_run
    return replace(
        settings,
        recipe=recipe,
        glue=_glue(settings, recipe),
        model=_model(settings.model, recipe),
        initial_mask=None
        if mask is None
        else existing("glue.sh", "initial_mask", mask, recipe, needed),
    )


def _glue(settings: Settings, recipe: Path) -> Path | None:
    if settings.definition.folder is None:
        return None
    if settings.train_examples is not None:
        raise UserError(
            f"glue.sh: --train_examples is for made tasks; {settings.task} is GLUE's own"
        )
    given = settings.glue
    if given is None and os.environ.get("GLUE"):
        given = Path(os.environ["GLUE"])
    if given is None:
        raise UserError(
            f"glue.sh: --task {settings.task}: expected --glue DIR, or GLUE=DIR in db.sh: the "
            f"folder that holds "
            f"{settings.definition.folder}/, as GLUE is distributed"
        )
    return existing("glue.sh", "glue", given, recipe)


def _model(model: str, recipe: Path) -> str:
    if "/" not in model and not model.startswith("."):
        return model
    return existing_or_named("glue.sh", "model", model, recipe, ("directory", "a model"))
