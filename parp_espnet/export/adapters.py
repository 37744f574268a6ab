"""Adapters of a model whose weights are an upstream's and what training has added to them.

Training leaves the sum, W + B·A. Its difference from W has A's and B's rank, so that two thin
matrices of the same product are found in it again: by its singular values, of which all others are
no more than the sum was rounded by.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.export.halves import need_half_holds

STEP = 2.0**-24
"""By how much, of itself at most, a float32 number is rounded."""
SLACK = 4
"""How many times as large as rounding a singular value has to be to count."""
FIRST, SECOND = ".a", ".b"
"""How their names end in files."""
DTYPES = {"fp32": torch.float32, "fp16": torch.float16}

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Adapter:
    """What is added to a matrix."""

    first: Tensor
    """A, (rank, columns)."""
    second: Tensor
    """B, (rows, rank)."""

    @property
    def rank(self) -> int:
        return len(self.first)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the matrix that it is added to."""
        return (self.second.shape[0], self.first.shape[1])

    @property
    def nbytes(self) -> int:
        return int(self.first.nbytes + self.second.nbytes)

    def added_to(self, weights: Tensor) -> Tensor:
        """Return W + B·A, float32."""
        return torch.addmm(weights, self.second.float(), self.first.float())

    @classmethod
    def of(cls, first: Tensor, second: Tensor) -> "Adapter":
        """Make one of two matrices. Raises `ValueError` where they have no product."""
        if first.dim() != 2 or second.dim() != 2 or len(first) != second.shape[1]:
            raise ValueError(
                f"adapters of shapes {tuple(first.shape)} and {tuple(second.shape)} have no product"
            )
        return cls(first, second)


def parted(adapters: Mapping[str, Adapter]) -> dict[str, Array]:
    """Return adapters as files have them: NAME.a and NAME.b."""
    parts: dict[str, Array] = {}
    for name, adapter in adapters.items():
        parts[name + FIRST] = adapter.first.numpy()
        parts[name + SECOND] = adapter.second.numpy()
    return parts


def joined(parts: Mapping[str, Array]) -> dict[str, Adapter]:
    """Return adapters of their parts.

    Raises `KeyError` where one of two matrices is missing, `ValueError` where they do not fit
    together.
    """
    adapters = {}
    for name in parts:
        own = name.removesuffix(FIRST).removesuffix(SECOND)
        first, second = torch.from_numpy(parts[own + FIRST]), torch.from_numpy(parts[own + SECOND])
        adapters[own] = Adapter.of(first, second)
    return adapters


def find_adapters(
    weights: Mapping[str, Tensor], dense: Mapping[str, Tensor], dtype: str, where: str
) -> dict[str, Adapter]:
    """Return the adapters of those tensors that are not as they were.

    Args:
        weights: tensors that training left.
        dense: what they were before, by the same names.
        dtype: how A and B are to be stored, a name of `DTYPES`.
        where: what an error calls the experiment.

    Raises `UserError` where more was added to a tensor than two thin matrices hold, or than fp16.
    """
    found = {}
    for name, tensor in weights.items():
        before = dense.get(name)
        if before is not None and torch.equal(tensor, before):
            continue
        if before is None or before.shape != tensor.shape or tensor.dim() != 2:
            raise UserError(
                f"{where}: expected the upstream's weights with adapters added, found others in "
                f"{name}: was the upstream changed since?"
            )
        adapter = _found(tensor, before, DTYPES[dtype])
        for part in (adapter.first, adapter.second) if dtype == "fp16" else ():
            need_half_holds(f"{where}: adapter of {name}", part.numpy(), "give --dtype fp32")
        if adapter.first.numel() + adapter.second.numel() > tensor.numel():
            raise UserError(
                f"{where}: expected the upstream's weights with adapters added, found a rank of "
                f"{adapter.rank} in {name}, which is no smaller than its weights: was the upstream "
                f"changed since?"
            )
        found[name] = adapter
    return found


def _found(after: Tensor, before: Tensor, dtype: torch.dtype) -> Adapter:
    left, sizes, right = torch.linalg.svd(after.double() - before.double(), full_matrices=False)
    rounding = STEP * float(after.abs().max()) * sum(map(math.sqrt, after.shape))
    rank = int((sizes > SLACK * rounding).sum())
    share = sizes[:rank].sqrt()
    first, second = share[:, None] * right[:rank], left[:, :rank] * share
    return Adapter(first.to(dtype).contiguous(), second.to(dtype).contiguous())
