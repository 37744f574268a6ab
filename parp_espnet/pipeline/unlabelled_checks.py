"""What the options of `phn.sh` say of untranscribed speech: refused where it cannot be, before
anything runs.
"""

from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.paths import existing
from parp_espnet.pipeline.score_checks import check_recordings
from parp_espnet.pipeline.second_round import LABEL_ERRORS
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.stages_unlabelled import WEIGHTS
from parp_espnet.upstreams.starts import SUMMARY


def check_unlabelled(settings: Settings) -> None:
    """Raise `UserError` where `--unlabelled` leads to no recording or to what cannot be labelled,
    or an option of it changes nothing.
    """
    folder = settings.unlabelled
    if folder is None:
        if settings.labels_of is not None:
            raise UserError(
                f"phn.sh: --labels_of {settings.labels_of} changes nothing without --unlabelled"
            )
        if settings.label_errors != LABEL_ERRORS:
            raise UserError(
                f"phn.sh: --label_errors {settings.label_errors:g} changes nothing without "
                f"--unlabelled"
            )
        return
    said = f"phn.sh: --unlabelled {folder}"
    if settings.updates == 0:
        raise UserError(f"{said}: expected --updates of 1 or more, found 0: nothing learns")
    if settings.tokens is TokenType.BPE:
        raise UserError(f"{said}: expected phones or letters, found --token_type {TokenType.BPE}")
    if len((settings.lang or "").split()) > 1:
        raise UserError(
            f"{said}: expected one language, found --lang {settings.lang}: nobody says which of "
            f"them is spoken there"
        )
    # In a dry run it may be made by then.
    if not settings.dry_run or folder.exists():
        check_recordings(said, folder)


def resolve_labels_of(settings: Settings, recipe: Path) -> str:
    """Return the model that labels, as the recipe's directory sees it.

    Raises `UserError` where it is none.
    """
    given = Path(str(settings.labels_of))
    # An experiment is called as its recipe sees it, too.
    if not given.exists() and (recipe / given).exists():
        given = recipe / given
    if not settings.dry_run:
        _need_model(given)
    return str(existing("phn.sh", "labels_of", given, recipe, not settings.dry_run))


def _need_model(folder: Path) -> None:
    expected = "the directory of a complete experiment of phn.sh, or of an exported model"
    if not folder.is_dir():
        there = "a file" if folder.exists() else "nothing"
        raise UserError(f"phn.sh: --labels_of {folder}: expected {expected}, found {there}")
    is_experiment = (folder / "experiment.json").is_file() or (folder / SUMMARY).is_file()
    lacking = [name for name in (SUMMARY, MODEL) if not (folder / name).is_file()]
    if is_experiment and lacking:
        raise UserError(
            f"phn.sh: --labels_of {folder}: expected {expected}, found no {lacking[0]} in it"
        )
    files = [path for path in folder.iterdir() if path.suffix.removeprefix(".") in WEIGHTS]
    if not files:
        raise UserError(f"phn.sh: --labels_of {folder}: expected {expected}, found no model in it")
