"""The kernels for a GPU, where they are of use."""

from collections.abc import Iterable
from types import ModuleType

from torch import Tensor


def kernels_for(tensors: Iterable[Tensor]) -> ModuleType | None:
    """Return the module `gpu` where it can work on these tensors: one GPU's, and Triton, which
    torch brings, works.
    """
    pool = list(tensors)
    if not pool or not all(tensor.is_cuda for tensor in pool):
        return None
    try:
        from parp_espnet.pruning import gpu  # noqa: PLC0415  # Triton is not for every machine
    except ImportError:
        return None
    return gpu if gpu.suits(pool) else None
