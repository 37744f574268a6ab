"""Numbers of two bytes (fp16), where a number may be too large for one."""

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError

LARGEST = float(np.finfo(np.float16).max)


def need_half_holds(name: str, numbers: NDArray[np.float32], instead: str = "") -> None:
    """Raise `UserError` where a number of a tensor would be infinite in fp16, or is none.

    Args:
        instead: what to do then.
    """
    largest = float(np.abs(numbers).max(initial=0.0))
    if not largest <= LARGEST:
        told = f"{name}: its largest number is {largest:g}, fp16 ends at {LARGEST:g}"
        raise UserError(f"{told}; {instead}" if instead else told)
