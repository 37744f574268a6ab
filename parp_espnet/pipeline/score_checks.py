"""Whether a score gets what it needs: of the optimizer, the upstream, recordings that nobody has
transcribed. All of it is asked before anything runs.
"""

from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import parse_yaml, read_json
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.scores import SCORES, Need, find_score

HAVE_MOMENTS = ("adam", "adamw", "radam")
"""ESPnet's names of optimizers that keep second moments."""
BY_WEIGHTS = {"wavlm": "WavLM", "data2vec-audio": "data2vec"}
"""`model_type` of upstreams whose attention s3prl calls by its weights, past its layers."""
WANTED = " or ".join(name for name, row in SCORES.items() if row.needs is Need.INPUTS)
"""Scores of what comes to weights."""


def check_raw_speech(settings: Settings) -> None:
    """Raise `UserError` where `--raw_speech` changes nothing, or leads to no recording."""
    folder = settings.raw_speech
    if folder is None:
        return
    said = f"phn.sh: --raw_speech {folder}"
    if find_score(settings.score).needs is not Need.INPUTS:
        raise UserError(f"{said}: expected --score {WANTED}, found {settings.score}")
    if settings.mask_source != Source.PRETRAINED.name.lower():
        raise UserError(
            f"{said}: expected a first mask that is ranked in training, found one that is "
            f"{settings.mask_source}"
        )
    if not settings.first_sparsity:
        raise UserError(
            f"{said}: expected a first mask that prunes some weights, found sparsity 0; later "
            f"masks are ranked by what came from the training speech"
        )
    check_recordings(said, folder, may_be_missing=settings.dry_run)


def check_needs(settings: Settings) -> None:
    """Raise `UserError` where the optimizer or the upstream does not have what the score needs.

    Args:
        settings: with their paths as the recipe's directory sees them.
    """
    need = find_score(settings.score).needs
    if not settings.pruning.ranks or settings.train_config is None:
        return
    if need is Need.SECOND_MOMENTS:
        _check_optimizer(settings, settings.recipe / settings.train_config)
    if need is Need.INPUTS:
        _check_upstream(settings, settings.recipe / settings.upstream / "config.json")


def _check_optimizer(settings: Settings, config: Path) -> None:
    try:
        loaded = parse_yaml(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # what reads it has words of its own
    optimizer = loaded.get("optim", "adadelta") if isinstance(loaded, dict) else HAVE_MOMENTS[0]
    if optimizer not in HAVE_MOMENTS:
        raise UserError(
            f"phn.sh: --score {settings.score}: expected an optimizer that keeps second moments, "
            f"{', '.join(HAVE_MOMENTS)}, found {optimizer} in {config.name}"
        )


def _check_upstream(settings: Settings, config: Path) -> None:
    if not config.is_file():
        return  # a name of the hub, or a checkpoint of s3prl's
    loaded = read_json(config)
    kind = loaded.get("model_type") if isinstance(loaded, dict) else None
    if kind in BY_WEIGHTS and settings.prune_pattern is None:
        raise UserError(
            f"phn.sh: --score {settings.score}: expected an upstream whose layers are called, "
            f"found a {BY_WEIGHTS[kind]}, whose attention s3prl calls by its weights; take another "
            f"score, or a --prune_pattern without it"
        )


def check_recordings(said: str, folder: Path, *, may_be_missing: bool = False) -> None:
    """Raise `UserError` unless there is a folder with a recording that can be read, in which
    something is heard.

    Args:
        said: what the error begins with.
        may_be_missing: that it is made by then, as in a dry run.
    """
    if may_be_missing and not folder.exists():
        return
    if not folder.is_dir():
        there = "a file" if folder.exists() else "nothing"
        raise UserError(f"{said}: expected a directory of recordings, found {there}")
    # Imported here: a plan without them has no need of what reads recordings.
    from parp_espnet.recognition.audio import Source, find  # noqa: PLC0415

    sources = [source for source in find([folder]) if isinstance(source, Source)]
    if not sources:
        raise UserError(f"{said}: expected audio files in it, found none")
    why = ""
    for source in sources:
        try:
            fault = _fault_of(source.path)
        except UserError as error:
            fault = str(error)
        if not fault:
            return
        why = why or fault
    raise UserError(
        f"{said}: expected a recording that can be read, found none among {len(sources)} files "
        f"({why})"
    )


def _fault_of(path: Path) -> str:
    """Why nothing can be learned from a recording, which is read as far as it takes; empty where
    something can. Raises `UserError` where it cannot be read.
    """
    # Imported here as above.
    from parp_espnet.recognition.audio import read_blocks  # noqa: PLC0415
    from parp_espnet.recognition.listening import SHORTEST  # noqa: PLC0415
    from parp_espnet.sound.silence import is_silent  # noqa: PLC0415

    count, silent = 0, True
    for block in read_blocks(path):
        count += len(block)
        silent = silent and is_silent(block)
        if count >= SHORTEST and not silent:
            return ""
    return f"{path} is {'too short' if count < SHORTEST else 'silent'}"
