"""Methods that keep dense weights W, or a score S for each, beside the model.

The model always has p = W⊙M, so that it is exactly sparse whenever somebody looks, and its gradient
is that of the masked weights, g. W and S are float32, on the device of p: 4 bytes a weight each.
They are in checkpoints. Gradients are those that the optimizer gets, clipped and averaged over
ranks, so that all ranks come to the same.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.ordering import ordered, ranks_of
from parp_espnet.pruning.patterns import Units
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import Measured, apply_mask, select

type Tensors = dict[str, Tensor]
type Pool = Mapping[str, Tensor]


class Beside:
    """The weights are beside: the optimizer gets the dense ones, the model their product with the
    mask. All of them get the gradient of that (straight through).
    """

    ahead = False

    def __init__(self, pool: Pool, ranking: Ranking, measured: Measured | None) -> None:
        for name, parameter in pool.items():
            if parameter.dtype != torch.float32:
                raise UserError(
                    f"{name}: expected float32 weights, of which a method keeps dense ones beside, "
                    f"found {parameter.dtype}; train in mixed precision instead"
                )
        self.pool = pool
        self.ranking = ranking
        self.measured = measured
        self.weights: Tensors = {}

    def begin(self, kept: Pool) -> None:
        self.weights = {name: tensor.detach().clone() for name, tensor in self.pool.items()}

    @torch.no_grad()
    def before_update(self, kept: Pool) -> None:
        for name, parameter in self.pool.items():
            parameter.copy_(self.weights[name])

    @torch.no_grad()
    def after_update(self, kept: Pool, sparsity: float) -> None:
        for name, parameter in self.pool.items():
            self.weights[name].copy_(parameter)
        apply_mask(self.pool, kept)

    def move(self, sparsity: float, update: int, kept: Pool) -> Tensors:
        moved = select(self.weights, sparsity, self.ranking, self.measured)
        self._show(moved)
        return moved

    @torch.no_grad()
    def _show(self, kept: Pool) -> None:
        """Give the model its weights."""
        # Imported here: numba takes half a second.
        from parp_espnet.pruning import windowed  # noqa: PLC0415

        if windowed.suits(self.pool) and windowed.suits(self.weights):
            windowed.show_(self.pool, self.weights, kept)
            return
        for name, parameter in self.pool.items():
            torch.mul(self.weights[name], kept[name], out=parameter)

    def prune_average(self, pool: Pool, kept: Pool) -> None:
        apply_mask(pool, kept)

    def score_of(self, name: str) -> Tensor:
        raise AssertionError(f"{name}: nothing is learned here")

    def state_dict(self) -> dict[str, Tensors]:
        return {"weights": dict(self.weights)}

    def load_state_dict(self, state: Mapping[str, Pool]) -> None:
        self.weights = self._here(state["weights"])

    def _here(self, tensors: Pool) -> Tensors:
        """Raise `ValueError` or `KeyError` where they are not of the pool."""
        here = {}
        for name, tensor in self.pool.items():
            if tensors[name].shape != tensor.shape:
                raise ValueError(
                    f"{name}: expected numbers of shape {tuple(tensor.shape)}, found "
                    f"{tuple(tensors[name].shape)}"
                )
            here[name] = tensors[name].detach().to(tensor.device, torch.float32, copy=True)
        return here


class Scored(Beside):
    """A score of each weight is beside, too, which begins as the rank of |W| and then learns
    `score_lr` times as fast as weights would.
    """

    def __init__(self, pool: Pool, ranking: Ranking, *, score_lr: float) -> None:
        super().__init__(pool, ranking.by_magnitude, None)
        self.score_lr = score_lr
        self.scores: Tensors = {}

    def begin(self, kept: Pool) -> None:
        super().begin(kept)
        self.scores = ranks_of(self.weights, kept)

    def state_dict(self) -> dict[str, Tensors]:
        return super().state_dict() | {"scores": dict(self.scores)}

    def load_state_dict(self, state: Mapping[str, Pool]) -> None:
        super().load_state_dict(state)
        self.scores = self._here(state["scores"])


class Movement(Scored):
    """Movement pruning (Sanh et al. 2020, arXiv 2005.07683): S ← S − η g⊙W, M = top-k(S), and what
    is kept trains. S begins as the rank of |W|; η is `score_lr` learning rates.
    """

    def __init__(
        self,
        pool: Pool,
        ranking: Ranking,
        optimizer: torch.optim.Optimizer,
        *,
        score_lr: float,
    ) -> None:
        super().__init__(pool, ranking, score_lr=score_lr)
        self.optimizer = optimizer

    @torch.no_grad()
    def before_update(self, kept: Pool) -> None:
        # Looked up anew: a scheduler changes them, a resumed optimizer has other groups.
        rates: dict[int, float] = {}
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                rates[id(parameter)] = float(group["lr"])
        for name, parameter in self.pool.items():
            gradient = parameter.grad
            if gradient is None:
                continue
            # A weight that the optimizer has not, or not yet, has no rate.
            rate = rates.get(id(parameter), 0.0) * self.score_lr
            self.scores[name].addcmul_(gradient, self.weights[name], value=-rate)
            gradient.mul_(kept[name])
        super().before_update(kept)

    @torch.no_grad()
    def move(self, sparsity: float, update: int, kept: Pool) -> Tensors:
        # The model's own weights are written anew in the end: until then they have the scores.
        numbers: Tensors = {}
        lowest = self._lowest()
        for name, parameter in self.pool.items():
            place = parameter.detach() if parameter.is_contiguous() else None
            numbers[name] = self._ranked(name, lowest, place)
        moved = select(numbers, sparsity, self.ranking)
        self._show(moved)
        return moved

    def _lowest(self) -> float | None:
        """The lowest score of the pool, where scores are added up; None where they are not."""
        if not isinstance(self.ranking.form, Units):
            return None
        return min(float(scores.min()) for scores in self.scores.values())

    def _ranked(self, name: str, lowest: float | None, out: Tensor | None = None) -> Tensor:
        """Numbers from 0 on in the order of a tensor's scores; where they are added up, in the
        order of their sums, which all have as many.
        """
        if lowest is None:
            return ordered(self.scores[name], out)
        return torch.sub(self.scores[name], lowest, out=out)

    def score_of(self, name: str) -> Tensor:
        return self._ranked(name, self._lowest())


class Router(Scored):
    """S3-Router (Fu et al. 2022, arXiv 2211.01522): weights never move, the optimizer trains the
    scores: S ← its step on g⊙W, M = top-k(|S|). S begins as the rank of |W|.

    The optimizer finds S in the place of the weights, so its moments are those of S, and nothing
    else is beside. S is held in units of `score_lr`: it begins as much smaller as it is to learn
    faster than weights would, at the same learning rate.
    """

    def begin(self, kept: Pool) -> None:
        super().begin(kept)
        for scores in self.scores.values():
            scores.div_(self.score_lr)

    @torch.no_grad()
    def before_update(self, kept: Pool) -> None:
        for name, parameter in self.pool.items():
            if parameter.grad is not None:
                parameter.grad.mul_(self.weights[name])
            parameter.copy_(self.scores[name])

    @torch.no_grad()
    def after_update(self, kept: Pool, sparsity: float) -> None:
        for name, parameter in self.pool.items():
            self.scores[name].copy_(parameter)
        self._show(kept)

    def move(self, sparsity: float, update: int, kept: Pool) -> Tensors:
        moved = select(self.scores, sparsity, self.ranking)
        self._show(moved)
        return moved

    @torch.no_grad()
    def prune_average(self, pool: Pool, kept: Pool) -> None:
        # What only some of the models kept is a fraction of the weight there.
        for name, tensor in pool.items():
            tensor.copy_(self.weights[name] * kept[name].to(self.weights[name].device))

    def score_of(self, name: str) -> Tensor:
        return self.scores[name].abs()
