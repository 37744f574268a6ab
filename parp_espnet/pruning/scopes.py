"""Within what weights are ranked against each other."""

import re
from collections.abc import Mapping

from parp_espnet.errors import UserError
from parp_espnet.pruning.methods import describe_unknown

SCOPES = ("global", "layer", "tensor")
"""The whole pool, a Transformer layer, a tensor. `N:M`, such as 2:4, is a scope too: M consecutive
weights.
"""

_LAYER = re.compile(r"^(.*?\blayers?\.\d+)\.")
_GROUPS = re.compile(r"([1-9]\d*):([1-9]\d*)")


def parts[T](pool: Mapping[str, T], scope: str) -> list[dict[str, T]]:
    """Divide a pool into what is ranked together. Tensors that belong to no layer are a part of
    their own.
    """
    found: dict[str, dict[str, T]] = {}
    for name, tensor in pool.items():
        layer = _LAYER.match(name)
        key = {"global": "", "layer": layer.group(1) if layer else name, "tensor": name}[scope]
        found.setdefault(key, {})[name] = tensor
    return list(found.values())


def groups_of(scope: str) -> tuple[int, int] | None:
    """Return how many weights of how many consecutive ones are kept, where the scope is
    an `N:M`.
    """
    found = _GROUPS.fullmatch(scope)
    return (int(found[1]), int(found[2])) if found else None


def check_scope(scope: object, sparsity: float | None = None) -> None:
    """Raise `UserError` unless `scope` is one, and an N:M the one that leaves `sparsity`."""
    groups = groups_of(str(scope))
    if groups is None:
        if scope not in SCOPES:
            raise UserError(f"scope: {describe_unknown(str(scope), [*SCOPES, '2:4'])}")
        return
    kept, size = groups
    if kept >= size:
        raise UserError(
            f"scope {scope}: expected N:M with N below M, such as 2:4: N of M consecutive weights "
            f"are kept"
        )
    if sparsity is not None and abs(sparsity - (1 - kept / size)) > 1e-9:
        raise UserError(
            f"scope {scope}: expected its own sparsity {1 - kept / size:g}, found {sparsity:g}"
        )
