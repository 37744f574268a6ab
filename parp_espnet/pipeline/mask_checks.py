"""Whether an experiment can begin with the mask file that it is given, before anything runs."""

from parp_espnet.errors import UserError
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pruning.patterns import Units


def check_mask(settings: Experiment) -> None:
    """Raise `UserError` where the file is no mask, damaged, or of another sparsity or pattern: now,
    and not after all that comes before a training.

    Whether it is of the model's weights training says, which has the model; of whole units
    `check_units` asks.
    """
    file = settings.initial_mask
    if file is None or settings.dry_run:
        return
    # Imported here: torch takes seconds, and few name a mask.
    from parp_espnet.pruning.first import check_asked  # noqa: PLC0415
    from parp_espnet.pruning.masks import Mask  # noqa: PLC0415

    pruning = settings.pruning
    place = f"initial_mask {file}"
    try:
        mask = Mask.load(settings.recipe / file, place)
        if not isinstance(pruning.ranking.form, Units):
            check_asked(mask, place, pruning.schedule.sparsity_at(0), pruning.ranking)
    except UserError as error:
        raise UserError(f"{settings.PROGRAM}: --{error}") from None
