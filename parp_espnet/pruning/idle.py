"""Options that would change nothing but an experiment's name, and schedules in which nothing moves:
refused where a training begins. What is trained already is read on, whatever its options were.
"""

from parp_espnet.errors import UserError
from parp_espnet.pruning.methods import Change, row_of
from parp_espnet.pruning.options import PruneOptions

OF_RANKING = ("score", "scope", "pattern")
"""How weights are ranked. The pool itself is looked at whatever the method: also where nothing is
pruned a model has to have one, and adapters are on it.
"""


def check_ranking(options: PruneOptions) -> None:
    """Raise `UserError` where a method that prunes nothing is told how to rank.

    A method that prunes may be, at sparsity 0, too: so begins a curve over sparsities.
    """
    if row_of(options.method).prunes:
        return
    for name in OF_RANKING:
        value, usual = getattr(options, name), getattr(PruneOptions, name)
        if value != usual:
            raise UserError(
                f"{name} {value}: expected {usual}, since method {options.method} prunes nothing; "
                f"leave it out"
            )


def check_frozen(options: PruneOptions, updates: int) -> None:
    """Raise `UserError` where a mask could only move, or sparsity only grow, while nothing but the
    head trains: the mask would stay as it began, under another method's name.

    A mask that stays may be on weights that never train, and a head on a whole frozen model.
    """
    row, frozen = row_of(options.method), options.freeze_updates
    if not row.adjusts or not options.sparsity or updates == 0:
        return
    if frozen >= updates:
        raise UserError(
            f"freeze_updates: expected fewer than the run's {updates} updates with method "
            f"{options.method}, whose mask moves as weights train, found {frozen}"
        )
    if options.growth_updates is not None and options.growth_updates <= frozen:
        raise UserError(
            f"growth_updates: expected more than the {frozen} freeze_updates, since weights that "
            f"do not train have one order, found {options.growth_updates}"
        )
    if row.change is Change.GRADIENTS:
        _check_moves(options, updates)


def _check_moves(options: PruneOptions, updates: int) -> None:
    """Raise `UserError` where gradients would never move the mask; at the last update nothing goes
    any more.
    """
    interval = options.interval
    if interval is None:
        return
    last = (updates - 1) // interval * interval
    if last <= options.freeze_updates:
        behind = (
            f" behind {options.freeze_updates} freeze_updates" if options.freeze_updates else ""
        )
        raise UserError(
            f"interval: expected one that ends before the last of {updates} updates{behind}, since "
            f"method {options.method} moves its mask at intervals alone, found {interval}"
        )
