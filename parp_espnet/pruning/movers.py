"""What happens to weights and mask around an optimizer's step: one class for each choice of
`Change` and `Weights` in `methods`; those that keep something beside the model are in `beside`.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from parp_espnet.pruning.adapters import Adapters
from parp_espnet.pruning.beside import Beside, Movement, Router
from parp_espnet.pruning.magnitudes import step_above
from parp_espnet.pruning.methods import Change, Weights
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.regrowth import share_that_goes
from parp_espnet.pruning.selection import Measured, apply_mask, prune_, select
from parp_espnet.pruning.settings import PruneSettings

type Tensors = dict[str, Tensor]
type Pool = Mapping[str, Tensor]

BEGIN = {"sum": "initial_accumulator_value", "step_size": "lr"}
"""What an optimizer keeps of each weight that does not begin at 0 (Adagrad's, Rprop's), and the
option that it begins at.
"""


class Mover(Protocol):
    """What the pruner asks. `kept` is always the present mask."""

    ahead: bool
    """Whether the mask moves before an update, when its gradients are there, not after it."""

    def begin(self, kept: Pool) -> None:
        """Take what is needed of the dense weights, before the first mask zeroes any."""

    def before_update(self, kept: Pool) -> None:
        """Prepare weights and gradients for the optimizer."""

    def after_update(self, kept: Pool, sparsity: float) -> None:
        """Take what the optimizer did; `sparsity` is the mask's."""

    def move(self, sparsity: float, update: int, kept: Pool) -> Tensors:
        """Return the mask of now, with the model's weights pruned by it."""

    def prune_average(self, pool: Pool, kept: Pool) -> None:
        """Make an average of several of its models, in place, one of a mask, as they are."""

    def score_of(self, name: str) -> Tensor:
        """Return the learned score of each weight of a tensor, at least 0."""

    def state_dict(self) -> dict[str, Tensors]:
        """What a resumed run needs beside model, optimizer and mask."""

    def load_state_dict(self, state: Mapping[str, Pool]) -> None:
        """Continue from `state_dict()`."""


class Masked:
    """Nothing is beside: with a fixed mask pruned weights are zeroed after every update, with one
    that adjusts they train until weights are ranked.
    """

    ahead = False

    def __init__(
        self, pool: Pool, ranking: Ranking, measured: Measured | None, *, adjusts: bool = True
    ) -> None:
        self.pool = pool
        self.ranking = ranking
        self.measured = measured
        self.adjusts = adjusts

    def begin(self, kept: Pool) -> None:
        pass

    def before_update(self, kept: Pool) -> None:
        pass

    def after_update(self, kept: Pool, sparsity: float) -> None:
        if not self.adjusts and sparsity > 0:
            apply_mask(self.pool, kept)

    def move(self, sparsity: float, update: int, kept: Pool) -> Tensors:
        return prune_(self.pool, sparsity, self.ranking, self.measured)

    def prune_average(self, pool: Pool, kept: Pool) -> None:
        apply_mask(pool, kept)

    def score_of(self, name: str) -> Tensor:
        raise AssertionError(f"{name}: nothing is learned here")

    def state_dict(self) -> dict[str, Tensors]:
        return {}

    def load_state_dict(self, state: Mapping[str, Pool]) -> None:
        pass


class Regrowth(Masked):
    """RigL (Evci et al. 2020, arXiv 1911.11134): of the kept weights the smallest go, and as many
    come that have the largest gradients; they begin at 0, and train with the update that follows.

    The optimizer knows nothing of those that come: as in RigL's code, its moments of them are what
    they begin as, mostly 0.

    What goes is the share α(t) = α₀ / 2 · (1 + cos πt/T) of them, so nothing at the end. What has
    just gone may come again, as it was.
    """

    ahead = True

    def __init__(
        self,
        pool: Pool,
        ranking: Ranking,
        optimizer: torch.optim.Optimizer,
        *,
        alpha: float,
        updates: int,
    ) -> None:
        super().__init__(pool, ranking, None, adjusts=False)
        self.optimizer = optimizer
        self.alpha = alpha
        self.updates = updates

    @torch.no_grad()
    def move(self, sparsity: float, update: int, kept: Pool) -> Tensors:
        if all(parameter.grad is None for parameter in self.pool.values()):
            return dict(kept)  # only the head trains so far
        share = share_that_goes(self.alpha, update, self.updates)
        sizes: Tensors = {}
        for name, parameter in self.pool.items():
            # What is pruned is smaller than a kept weight that happens to be 0.
            sizes[name] = step_above(parameter).masked_fill_(~kept[name], 0.0)
        left = select(sizes, sparsity + share * (1 - sparsity), self.ranking)
        for name, parameter in self.pool.items():
            gradient = parameter.grad
            if gradient is None:  # of a layer that was dropped
                gradient = torch.zeros_like(parameter)
            sizes[name] = gradient.float().masked_fill(left[name], math.inf)
        moved = select(sizes, sparsity, self.ranking)
        apply_mask(self.pool, moved)
        for name, parameter in self.pool.items():
            self._forget(parameter, moved[name] & ~kept[name])
        return moved

    def _forget(self, parameter: Tensor, places: Tensor) -> None:
        """Let the optimizer begin anew with some weights, of which it has moments by gradients that
        they never followed.
        """
        options = self._options_of(parameter)
        for name, moments in self.optimizer.state.get(parameter, {}).items():
            if not isinstance(moments, Tensor) or moments.shape != parameter.shape:
                continue
            # Numbers of eight bits stand for others, by a code of the optimizer's own.
            if not moments.dim() or not moments.is_floating_point():
                continue
            option = BEGIN.get(name)
            start = 0.0 if option is None else float(options.get(option, 0.0))
            moments.masked_fill_(places, start)

    def _options_of(self, parameter: Tensor) -> Mapping[Any, Any]:
        for group in self.optimizer.param_groups:
            if any(parameter is one for one in group["params"]):
                return group
        return {}


def mover_for(
    settings: PruneSettings,
    pool: Pool,
    optimizer: torch.optim.Optimizer,
    ranking: Ranking,
    measured: Measured,
) -> Mover:
    """Return what moves weights and mask by the settings' method.

    Raises `UserError` where it keeps weights beside and these are not float32, or adapters would be
    larger than weights.
    """
    row = settings.row
    if row.adapts:
        return Adapters(pool, ranking, rank=settings.adapter_rank)
    if row.learns and row.weights is Weights.KEPT:
        return Router(pool, ranking, score_lr=settings.score_rate)
    if row.learns:
        return Movement(pool, ranking, optimizer, score_lr=settings.score_rate)
    if row.weights is Weights.BESIDE:
        return Beside(pool, ranking, measured)
    if row.change is Change.GRADIENTS:
        updates = settings.updates or 1
        return Regrowth(pool, ranking, optimizer, alpha=settings.drop, updates=updates)
    return Masked(pool, ranking, measured, adjusts=row.adjusts)
