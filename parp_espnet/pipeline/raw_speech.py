"""Whether recordings that nobody has transcribed can say what comes to weights, before anything
runs.
"""

from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.scores import SCORES, Need, find_score

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
    if not settings.pruning.schedule.sparsity_at(0):
        raise UserError(
            f"{said}: expected a first mask that prunes some weights, found sparsity 0; later "
            f"masks are ranked by what came from the training speech"
        )
    _check_recordings(said, folder)


def _check_recordings(said: str, folder: Path) -> None:
    """Raise `UserError` unless there is a folder with a recording that can be read."""
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise UserError(f"{said}: expected a directory of recordings, found {found}")
    # Imported here: a plan without them has no need of what reads recordings.
    from parp_espnet.recognition.audio import Source, find, read_blocks  # noqa: PLC0415
    from parp_espnet.recognition.listening import SHORTEST  # noqa: PLC0415

    sources = [source for source in find([folder]) if isinstance(source, Source)]
    if not sources:
        raise UserError(f"{said}: expected audio files in it, found none")
    why = ""
    for source in sources:
        try:
            heard = 0
            for block in read_blocks(source.path):
                heard += len(block)
                if heard >= SHORTEST:
                    return
            why = why or f"{source.path} is too short"
        except UserError as error:
            why = why or str(error)
    raise UserError(
        f"{said}: expected a recording that can be read, found none among {len(sources)} files "
        f"({why})"
    )
