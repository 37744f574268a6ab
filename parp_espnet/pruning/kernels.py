"""The kernels for a GPU, where they are of use."""

from collections.abc import Iterable
from types import ModuleType

from torch import Tensor


def kernels_for(tensors: Iterable[Tensor]) -> ModuleType | None:
    """Return the module `gpu` where it can work on these tensors: one GPU's, and Triton, which
    torch brings, works.
    """
    found = list(tensors)
    if not found or not all(tensor.is_cuda for tensor in found):
        return None
    try:
        from parp_espnet.pruning import gpu  # noqa: PLC0415  # Triton is not for every machine
    except ImportError:
        return None
    return gpu if gpu.suits(found) else None
