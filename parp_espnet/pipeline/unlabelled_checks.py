"""What the options of `phn.sh` say of untranscribed speech: refused where it cannot be, before
anything runs.
"""

from parp_espnet.errors import UserError
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.score_checks import check_recordings
from parp_espnet.pipeline.second_round import LABEL_ERRORS
from parp_espnet.pipeline.settings import Settings


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
    check_recordings(said, folder, may_be_missing=settings.dry_run)
