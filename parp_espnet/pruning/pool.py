"""Which weights of a model may be pruned, under names that do not depend on where the model sits."""

import hashlib
import re
from collections.abc import Mapping

from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.families import FAMILIES


def find_pool[T: Tensor](tensors: Mapping[str, T]) -> dict[str, T]:
    """Return the prunable tensors of a model by canonical name, sorted by it.

    Args:
        tensors: `dict(model.named_parameters())` or a state_dict. The result holds the same tensors.

    Raises:
        UserError: no family's pattern matches, or two tensors share one canonical name.
    """
    for family in FAMILIES:
        pool: dict[str, T] = {}
        origin: dict[str, str] = {}
        for name, tensor in tensors.items():
            canonical = family.canonical(name)
            if canonical is None:
                continue
            if canonical in pool:
                raise UserError(f"expected one upstream in the model, found two: {origin[canonical]} and {name}")
            pool[canonical], origin[canonical] = tensor, name
        if pool:
            return dict(sorted(pool.items()))
    raise UserError(
        f"nothing to prune: expected parameters named as in {', '.join(family.name for family in FAMILIES)}, "
        f"found {_summary(tensors)}"
    )


def fingerprint(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Hash the structure of a pool, canonical names and shapes: models with equal ones can share masks."""
    lines = [f"{name} {'x'.join(map(str, shape))}\n" for name, shape in sorted(shapes.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _summary(names: Mapping[str, Tensor], limit: int = 12) -> str:
    """What there is, with layer numbers folded, so that a hundred layers read as one line."""
    kinds = sorted({re.sub(r"\.\d+\.", ".N.", name) for name in names})
    if not kinds:
        return "no parameters at all"
    more = f" and {len(kinds) - limit} more kinds" if len(kinds) > limit else ""
    return ", ".join(kinds[:limit]) + more
