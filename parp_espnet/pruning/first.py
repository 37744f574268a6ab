"""The mask that a run starts from."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.groups import follows
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.origin import MAGNITUDE, Origin
from parp_espnet.pruning.scopes import groups_of
from parp_espnet.pruning.selection import kept_count, select


def first_mask(
    pool: Mapping[str, Tensor],
    sparsity: float,
    scope: str,
    file: Path | None,
    experiment: Origin | None = None,
) -> Mask:
    """Return the mask that a run starts from: that of `file` where one is given, else that of the
    weights.

    Args:
        pool: the pre-trained weights, by canonical name.
        sparsity: of the first mask; 0 prunes nothing.
        scope: within what the weights are ranked, of `scopes.SCOPES`, or N:M.
        experiment: whose run it is, for a mask that is made here; one of a file has its own fields.

    Raises:
        UserError: the file is no mask, does not fit the pool, or holds another sparsity.
    """
    if file is None:
        source = Source.PRETRAINED if sparsity > 0 else Source.NOTHING
        made = Origin(source=source.name.lower(), ranking=MAGNITUDE).over(experiment or Origin())
        kept = select(pool, sparsity, scope)
        return Mask(kept, origin=source.value, sparsity_target=sparsity, scope=scope, made=made)
    mask = Mask.load(file)
    mask.check_fits(pool, where=str(file))
    # Ranked in parts, each part's share is rounded by itself.
    tolerance = 0 if mask.scope == "global" else len(mask.kept) / 2
    if abs(kept_in(mask.kept) - kept_count(mask.total, sparsity)) > tolerance:
        raise UserError(
            f"{file}: expected a mask of sparsity {sparsity:g}, found {mask.sparsity:.6g}; "
            "ask for that sparsity or make another mask"
        )
    if (groups := groups_of(scope)) and not all(
        follows(kept, *groups) for kept in mask.kept.values()
    ):
        raise UserError(
            f"{file}: expected a mask that keeps {scope} consecutive weights, found another"
        )
    return mask
