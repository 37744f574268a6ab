"""Which weights of a model may be pruned, under names that do not depend on where the model sits."""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.families import FAMILIES, Family


def find_pool[T: Tensor](tensors: Mapping[str, T], pattern: str | None = None, biases: bool = True) -> dict[str, T]:
    """Return the prunable tensors of a model by canonical name, sorted by it.

    Args:
        tensors: `dict(model.named_parameters())` or a state_dict. The result holds the same tensors.
        pattern: regular expression, to choose a pool of one's own: of whole names, or of what is left of them without
            the first few modules (`encoder.…` instead of `frontend.upstream.upstream.model.encoder.…`). What it
            matches is the canonical name.
        biases: whether biases belong to the pool, as they do in the paper's.

    Raises:
        UserError: nothing matches, the pattern is none, or two tensors share one canonical name.
    """
    names = pool_names(tensors, pattern, biases)
    return {canonical: tensors[name] for canonical, name in names.items()}


def pool_names(names: Iterable[str], pattern: str | None = None, biases: bool = True) -> dict[str, str]:
    """Return the name in the model of each canonical name of its pool, sorted; see `find_pool`."""
    names = list(names)
    for family in FAMILIES if pattern is None else [_own(pattern)]:
        found: dict[str, str] = {}
        for name in names:
            canonical = family.canonical(name)
            if canonical is None or (not biases and canonical.endswith("bias")):
                continue
            if canonical in found:
                raise UserError(f"expected one upstream in the model, found two: {found[canonical]} and {name}")
            found[canonical] = name
        if found:
            return dict(sorted(found.items()))
    wanted = f"the pattern {pattern!r}" if pattern is not None else ", ".join(family.name for family in FAMILIES)
    raise UserError(f"nothing to prune: expected parameters named as in {wanted}, found {fold(names)}")


def _own(pattern: str) -> Family:
    try:
        return Family("a pattern of one's own", ((re.compile(rf"^(?:.+?\.)??({pattern})$"), r"\1"),))
    except re.error as error:
        raise UserError(f"pattern {pattern!r}: expected a regular expression of whole names, found {error}") from None


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def fold(names: Iterable[str], limit: int = 12) -> str:
    """What there is, with layer numbers folded, so that a hundred layers read as one line."""
    kinds = sorted({re.sub(r"\.\d+\.", ".N.", name) for name in names})
    if not kinds:
        return "no parameters at all"
    more = f" and {len(kinds) - limit} more kinds" if len(kinds) > limit else ""
    return ", ".join(kinds[:limit]) + more
