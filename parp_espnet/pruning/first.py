"""The mask that a run starts from."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.channels import readers
from parp_espnet.pruning.masks import Mask, kept_in
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.patterns import Units
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import Measured, select


def first_mask(
    pool: Mapping[str, Tensor],
    sparsity: float,
    ranking: Ranking,
    file: Path | None,
    experiment: Origin | None = None,
    measured: Measured | None = None,
    own: Source = Source.PRETRAINED,
) -> Mask:
    """Return the mask that a run starts from: that of `file` where one is given, else that of the
    weights.

    Args:
        pool: the pre-trained weights, by canonical name.
        sparsity: of the first mask; 0 prunes nothing.
        ranking: how the weights are ranked; a mask of a file has to follow its pattern.
        experiment: whose run it is, for a mask that is made here; one of a file has its own fields.
        measured: what the score needs beside the weights.
        own: where it comes from without a file: of the weights, or of their places.

    Raises:
        UserError: the file is no mask, does not fit the pool, or holds another sparsity.
    """
    if file is None:
        source = own if sparsity > 0 else Source.NOTHING
        ranked = _places(pool) if source is Source.FIRST else pool
        told = Origin(source=source.name.lower(), ranking=ranking.score)
        return Mask(
            select(ranked, sparsity, ranking, measured),
            origin=source.value.replace("magnitudes", ranking.told),
            sparsity_target=sparsity,
            ranking=ranking,
            made=told.over(experiment or Origin()),
        )
    mask = Mask.load(file)
    _check_channels(mask, pool, file)
    mask.check_fits(pool, where=str(file))
    check_asked(mask, str(file), sparsity, ranking)
    return mask


def check_asked(mask: Mask, place: str, sparsity: float, ranking: Ranking) -> None:
    """Raise `UserError` where a mask of a file has another sparsity than a run begins with, or
    follows another pattern.

    Args:
        place: what errors call the file.
        ranking: the run's.
    """
    form = ranking.form
    if form is not None and not form.follows(mask.kept):
        raise UserError(f"{place}: expected a mask that keeps {form.told()}, found another")
    slack = mask.ranking.slack(mask.shapes)
    if abs(kept_in(mask.kept) - ranking.kept_count(mask.shapes, sparsity)) > slack:
        raise UserError(
            f"{place}: expected a mask of sparsity {sparsity:g}, found {mask.sparsity:.6g}"
            f"{_counted(mask)}; ask for that sparsity or make another mask"
        )


def _places(pool: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Numbers in the shape of weights that fall from column to column: the first units are the
    largest.
    """
    numbers = {}
    for name, tensor in pool.items():
        columns = tensor.shape[1] if tensor.dim() > 1 else len(tensor)
        falling = torch.arange(columns, 0, -1, dtype=torch.float32, device=tensor.device)
        along = [1] * tensor.dim()
        along[min(1, tensor.dim() - 1)] = -1
        numbers[name] = falling.view(along).expand(tensor.shape).contiguous()
    return numbers


def _check_channels(mask: Mask, pool: Mapping[str, Tensor], file: Path) -> None:
    """Raise `UserError` where one of mask and pool is of channels of convolutions, and the other is
    not.
    """
    asked, given = bool(readers(pool)), bool(readers(mask.kept))
    if given and not asked:
        raise UserError(
            f"{file}: expected a mask of the layers alone, found one that is also of the "
            f"convolutions; ask for its pattern (--pattern {mask.ranking.pattern} --sparsity "
            f"{mask.sparsity_target:g}), or make another mask"
        )
    if asked and not given:
        raise UserError(
            f"{file}: expected a mask of channels of convolutions, too, found one of the layers "
            f"alone; make another mask, or leave the convolutions out of --pattern"
        )


def _counted(mask: Mask) -> str:
    """Of a mask of whole units, how to ask for it: its sparsity is a share of these."""
    if not isinstance(mask.ranking.form, Units):
        return ""
    own = mask.ranking.pattern
    return f" (whole units: --pattern {own} --sparsity {mask.sparsity_target:g})"
