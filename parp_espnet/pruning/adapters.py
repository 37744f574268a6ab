"""Adapters (LoRA, Hu et al. 2022, arXiv 2106.09685): weights W never move, the model has W + B·A,
of two thin matrices that train.

B begins as 0, A as PyTorch's linear layers do. The model always has the sum, so that it is an
ordinary model whenever somebody looks, and its gradient g is that of the sum: Bᵀ·g is A's, g·Aᵀ is
B's. The optimizer finds A and B in the first places of the weights, whose others are 0 and get no
gradient, so its moments and its schedule are theirs. Biases stay.
"""

import math
import zlib
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError
from parp_espnet.pruning.beside import Beside
from parp_espnet.pruning.ranking import Ranking

type Tensors = dict[str, Tensor]
type Pool = Mapping[str, Tensor]

BYTES = 4
"""Of a number of A or B."""


def usual_rank(shapes: Iterable[tuple[int, ...]]) -> int:
    """Return the rank whose adapters have as many bytes as a mask of a bit a weight, rounded; at
    least 1.
    """
    weights, beside = 0, 0
    for shape in shapes:
        weights += math.prod(shape)
        beside += _thin(shape)
    return max(1, round(weights / 8 / (BYTES * max(1, beside))))


def adapter_bytes(shapes: Iterable[tuple[int, ...]], rank: int) -> int:
    """Return how many bytes the adapters of tensors have, float32."""
    return BYTES * rank * sum(map(_thin, shapes))


def _thin(shape: tuple[int, ...]) -> int:
    """Numbers that a rank of 1 takes; none where a tensor is no matrix."""
    return sum(shape) if len(shape) == 2 else 0


class Adapters(Beside):
    """What the pruner asks of a method whose weights stay, and that has adapters on them."""

    def __init__(self, pool: Pool, ranking: Ranking, *, rank: int | None) -> None:
        """Raise `UserError` where a matrix has fewer numbers than its adapter would."""
        super().__init__(pool, ranking, None)
        shapes = {name: tuple(tensor.shape) for name, tensor in pool.items()}
        self.rank = usual_rank(shapes.values()) if rank is None else rank
        self.factors: Tensors = {}
        """A and B of each matrix, one after the other: (rank · (columns + rows),)."""
        for name, shape in shapes.items():
            if self.rank * _thin(shape) > math.prod(shape):
                most = math.prod(shape) // _thin(shape)
                raise UserError(
                    f"adapter_rank: expected at most {most}, found {self.rank}: beyond, the "
                    f"adapter of {name} has more numbers than its {math.prod(shape)} weights"
                )

    def begin(self, kept: Pool) -> None:
        super().begin(kept)
        self.factors = {}
        for name, weights in self.weights.items():
            if weights.dim() == 2:
                self.factors[name] = self._drawn(name, weights)

    def _drawn(self, name: str, weights: Tensor) -> Tensor:
        rows, columns = weights.shape
        draw = torch.Generator()
        # The same on all ranks, however much each has drawn before.
        draw.manual_seed((torch.initial_seed() + zlib.crc32(name.encode())) % 2**63)
        first = torch.empty(self.rank, columns)
        nn.init.kaiming_uniform_(first, a=math.sqrt(5), generator=draw)
        both = torch.cat([first.flatten(), torch.zeros(rows * self.rank)])
        return both.to(weights.device)

    def _parts(self, name: str) -> tuple[Tensor, Tensor]:
        """A, (rank, columns), and B, (rows, rank)."""
        rows, columns = self.weights[name].shape
        factors, place = self.factors[name], self.rank * columns
        return factors[:place].view(self.rank, columns), factors[place:].view(rows, self.rank)

    @torch.no_grad()
    def before_update(self, kept: Pool) -> None:
        for name, parameter in self.pool.items():
            if name not in self.factors:
                parameter.grad = None
                continue
            if parameter.grad is not None:
                first, second = self._parts(name)
                of_first = (second.T @ parameter.grad).flatten()
                of_second = (parameter.grad @ first.T).flatten()
                _put(parameter.grad, torch.cat([of_first, of_second]))
            _put(parameter, self.factors[name])

    @torch.no_grad()
    def after_update(self, kept: Pool, sparsity: float) -> None:
        for name, parameter in self.pool.items():
            if name not in self.factors:
                continue
            factors = self.factors[name]
            factors.copy_(parameter.flatten()[: len(factors)])
            first, second = self._parts(name)
            torch.addmm(self.weights[name], second, first, out=parameter)

    @torch.no_grad()
    def prune_average(self, pool: Pool, kept: Pool) -> None:
        # Rounded, the mean of equal numbers is another one.
        for name, tensor in pool.items():
            if name not in self.factors:
                tensor.copy_(self.weights[name])

    def state_dict(self) -> dict[str, Tensors]:
        return super().state_dict() | {"factors": dict(self.factors)}

    def load_state_dict(self, state: Mapping[str, Pool]) -> None:
        super().load_state_dict(state)
        self.factors = {}
        for name, weights in self.weights.items():
            if weights.dim() != 2:
                continue
            numbers = self.rank * _thin(tuple(weights.shape))
            found = state["factors"][name]
            if found.shape != (numbers,):
                raise ValueError(
                    f"{name}: expected {numbers} numbers of an adapter of rank {self.rank}, found "
                    f"{tuple(found.shape)}"
                )
            self.factors[name] = found.detach().to(weights.device, torch.float32, copy=True)


def _put(tensor: Tensor, numbers: Tensor) -> None:
    """Write numbers into the first places of a tensor, and 0 into all others."""
    whole = torch.zeros(tensor.numel(), dtype=tensor.dtype, device=tensor.device)
    whole[: len(numbers)] = numbers
    tensor.copy_(whole.view(tensor.shape))
