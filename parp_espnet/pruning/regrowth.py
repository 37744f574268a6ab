"""How many weights go where gradients regrow (RigL), and how sparse a pool is then."""

import math

from parp_espnet.pruning.methods import Change
from parp_espnet.pruning.settings import PruneSettings


def share_that_goes(alpha: float, update: int, updates: int) -> float:
    """Which share of the kept weights goes at an update, where gradients regrow."""
    return alpha / 2 * (1 + math.cos(math.pi * min(1, update / updates)))


def widest(settings: PruneSettings) -> float:
    """Return the largest sparsity that weights are ranked at: where gradients regrow, more than the
    mask's, when it first moves.
    """
    sparsity = settings.sparsity
    if settings.row.change is not Change.GRADIENTS or sparsity == 0:
        return sparsity
    first = (settings.freeze_updates // settings.interval + 1) * settings.interval
    share = share_that_goes(settings.drop, first, settings.updates or 1)
    return sparsity + share * (1 - sparsity)
